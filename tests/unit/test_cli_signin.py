"""Where Zoe answers and who is asking."""

import json
import stat
from pathlib import Path

import pytest

from zoe.cli import signin
from zoe.cli.signin import Door
from zoe.errors import NotSignedInError

HERE, THERE = "http://127.0.0.1:5001", "http://zoe.example.org"


def _local(directory: Path, url: str = HERE, token: str = "local") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "local.json").write_text(json.dumps({"url": url, "token": token}))
    return directory


def _find(url: str | None, data_dir: Path | None, environment: dict[str, str]) -> Door:
    # Whatever runs on the testing machine is none of our business.
    return signin.find(url, data_dir, environment, system=Path(environment["XDG_DATA_HOME"]) / "system")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_DATA_HOME": str(tmp_path / "data")}


def test_a_login_is_kept_in_a_file_for_this_user_alone(environment: dict[str, str]) -> None:
    path = signin.remember(Door(THERE, "secret"), environment)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _find(None, None, environment) == Door(THERE, "secret")
    assert signin.remember(Door(HERE, "newer"), environment) == path
    assert [file.name for file in path.parent.iterdir()] == ["login.json"]


def test_on_the_serving_machine_the_data_directory_signs_in(tmp_path: Path, environment: dict[str, str]) -> None:
    _local(tmp_path / "data/zoe")
    assert _find(None, None, environment) == Door(HERE, "local")


def test_a_named_data_directory_comes_before_a_login(tmp_path: Path, environment: dict[str, str]) -> None:
    signin.remember(Door(THERE, "secret"), environment)
    assert _find(None, _local(tmp_path / "own"), environment) == Door(HERE, "local")
    assert _find(None, None, environment) == Door(THERE, "secret")


def test_a_token_is_never_sent_to_another_address(tmp_path: Path, environment: dict[str, str]) -> None:
    _local(tmp_path / "data/zoe")
    signin.remember(Door(THERE, "secret"), environment)
    assert _find(f"{THERE}/", None, environment) == Door(THERE, "secret")
    assert _find(HERE, None, environment) == Door(HERE, "local")
    with pytest.raises(NotSignedInError, match="zoe login --url http://elsewhere"):
        _find("http://elsewhere", None, environment)


def test_a_token_in_the_environment_comes_first(tmp_path: Path, environment: dict[str, str]) -> None:
    signin.remember(Door(THERE, "secret"), environment)
    environment["ZOE_TOKEN"] = "given"
    assert _find(HERE, None, environment) == Door(HERE, "given")
    assert _find(None, None, environment) == Door(THERE, "given")


def test_without_anything_the_sentence_says_what_to_do(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(NotSignedInError, match="`zoe login` does that"):
        _find(None, None, environment)
    with pytest.raises(NotSignedInError, match=str(tmp_path)):
        _find(None, tmp_path, environment)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": "x"}', "\xff"])
def test_a_broken_file_is_named(content: str, environment: dict[str, str]) -> None:
    path = signin.login_file(environment)
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="latin-1")
    with pytest.raises(signin.FileUnusableError, match=r"login\.json cannot be used"):
        _find(None, None, environment)
