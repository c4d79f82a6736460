"""The compose file for administrators: its rules, read from the file itself."""

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from zoe.config import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLE = re.compile(r"\$\{(\w+)(:?[-?])?([^}]*)\}")


def variables() -> list[tuple[str, str, str]]:
    return VARIABLE.findall((DEPLOY / "compose.yaml").read_text())


def filled_in(text: str) -> str:
    return VARIABLE.sub(lambda found: found[3] if found[2] == ":-" else "secret", text)


def test_no_password_has_a_default_and_nothing_starts_without_one() -> None:
    passwords = [(sign, name) for name, sign, _ in variables() if "PASSWORD" in name]
    assert {name for _, name in passwords} == {"POSTGRES_PASSWORD", "ZOE_ADMIN_PASSWORD"}
    assert {sign for sign, _ in passwords} == {":?"}
    for service in SERVICES.values():
        for name, text in service["environment"].items():
            if "PASSWORD" in name or "URL" in name:
                assert ":?" in text, name
    assert "password" not in (DEPLOY / "zoe.toml").read_text().replace("Passwords come", "")


def test_every_other_variable_has_a_default() -> None:
    assert {sign for name, sign, _ in variables() if "PASSWORD" not in name} == {":-"}


def test_ports_are_published_by_zoe_alone_and_on_the_loopback_unless_told_otherwise() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"zoe"}
    assert [filled_in(port) for port in SERVICES["zoe"]["ports"]] == [
        "127.0.0.1:5001:5001",
        "127.0.0.1:5002:5002",
    ]


def test_the_database_is_reached_by_zoe_alone() -> None:
    assert COMPOSE["networks"]["database"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == ["database"]
    assert not any("network_mode" in service or service.get("privileged") for service in SERVICES.values())


def test_every_path_of_the_checkout_is_there_and_goes_into_the_image() -> None:
    build = SERVICES["zoe"]["build"]
    context = (DEPLOY / build["context"]).resolve()
    assert (context / build["dockerfile"]).is_file()
    kept = [line[1:] for line in (context / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert all((context / name).exists() for name in kept)
    ours = [volume.split(":")[0] for volume in SERVICES["zoe"]["volumes"] if volume.startswith("./")]
    assert [(DEPLOY / path).is_file() for path in ours] == [True] * len(ours) != []
    assert "PYTHON" not in (context / build["dockerfile"]).read_text()


def test_what_is_kept_is_in_volumes_and_every_service_is_looked_after() -> None:
    named = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert set(COMPOSE["volumes"]) <= named
    for service in SERVICES.values():
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"
    assert SERVICES["zoe"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_the_settings_are_settings_of_zoe_and_doors_are_in_the_network_of_the_file() -> None:
    written = tomllib.loads((DEPLOY / "zoe.toml").read_text())
    plugins = written.pop("plugins")
    Settings.model_validate(written)
    assert [engine["door_network"] for engine in plugins["docker"]["engines"]] == [
        filled_in(COMPOSE["networks"]["doors"]["name"])
    ]
    sections = {name.split("__")[0] for name in SERVICES["zoe"]["environment"] if "__" in name}
    assert {section.removeprefix("ZOE_").lower() for section in sections} <= set(Settings.model_fields)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    script = tmp_path / "setup"
    script.write_bytes((DEPLOY / "setup").read_bytes())
    script.chmod(0o755)
    return script


def test_setup_makes_passwords_once_for_its_owner_alone(checkout: Path) -> None:
    said = [subprocess.run([checkout], capture_output=True, text=True, check=True).stdout for _ in range(2)]
    kept = checkout.parent / ".env"
    made = dict(line.split("=") for line in shlex.split(kept.read_text(), comments=True))
    assert set(made) == {"POSTGRES_PASSWORD", "ZOE_ADMIN_PASSWORD"}
    assert len(set(made.values())) == 2
    assert all(re.fullmatch(r"[0-9a-f]{48}", secret) and secret not in "".join(said) for secret in made.values())
    assert (os.stat(kept).st_mode & 0o777) == 0o600  # noqa: PTH116
    assert "stays as it is" in said[1]
    assert "/deploy/.env" in (ROOT / ".gitignore").read_text()
    assert {path.name for path in checkout.parent.iterdir()} == {".env", "setup"}
