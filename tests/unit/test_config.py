"""Settings: where they come from, what is refused, and that conf/zoe.toml tells the truth."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from zoe.config import Settings, described, load
from zoe.errors import ConfigInvalidError, Fault

EXAMPLE = Path(__file__).parents[2] / "conf/zoe.toml"
SECRET = "correct horse battery staple"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "zoe.toml"
    path.write_text(text)
    return path


def faults(
    path: Path | None = None, overrides: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    with pytest.raises(ConfigInvalidError) as caught:
        load(path, overrides, environ or {})
    return {fault.path: fault.message for fault in caught.value.faults}


def keys_of(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        flat |= keys_of(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return flat


def test_the_command_line_counts_more_than_the_environment_than_the_file_than_the_default(tmp_path: Path) -> None:
    path = written(tmp_path, "[api]\nport = 1\nthreads = 2\nhost = '::1'\n")
    environ = {"ZOE_API__PORT": "3", "ZOE_API__THREADS": "4"}
    api = load(path, {"api.port": 5, "api.host": None}, environ).api
    assert (api.port, api.threads, api.host, api.cookie_hours) == (5, 4, "::1", 24)


def test_without_any_source_there_are_the_defaults() -> None:
    settings = load(None, {}, {})
    assert (settings.deployment_name, settings.api.port, settings.state.embedded) == ("zoe", 5001, True)
    assert settings.workspaces == settings.data_dir / "workspaces"


def test_an_unknown_key_is_named_with_its_nearest_neighbour(tmp_path: Path) -> None:
    path = written(
        tmp_path, "deploymnt_name = 'x'\n[api]\nprot = 1\n[masster]\ntick_seconds = 1\n[state]\npolicy = 'fifo'"
    )
    assert faults(path) == {
        "deploymnt_name": "unknown key; did you mean `deployment_name`?",
        "api.prot": "unknown key; did you mean `api.port`?",
        "masster": "unknown key; did you mean `master`?",
        "state.policy": "unknown key; did you mean `scheduler.policy`?",
    }


def test_the_environment_s_unknown_keys_and_near_misses_are_faults_too() -> None:
    environ = {"ZOE_API__PROT": "1", "ZOE_APY__PORT": "1", "ZOE_API_PORT": "1", "ZOE_DATADIR": "/x"}
    assert faults(environ=environ) == {
        "ZOE_API__PROT": "unknown key; did you mean `api.port`?",
        "ZOE_APY__PORT": "unknown key; did you mean `api.port`?",
        "ZOE_API_PORT": "unknown variable; did you mean `ZOE_API__PORT`?",
        "ZOE_DATADIR": "unknown variable; did you mean `ZOE_DATA_DIR`?",
    }


@pytest.mark.parametrize("name", ["ZOE_TEST_DIR", "ZOE_URL", "ZOE_TOKEN", "ZOE_CONFIG", "ZOE_PASSWORD", "ZOETROPE__A"])
def test_other_programs_variables_are_none_of_our_business(name: str) -> None:
    assert load(None, {}, {name: "x"}) == load(None, {}, {})


def test_all_faults_of_all_sources_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "log_level = 'loud'\n[api]\nport = 70000\n")
    told = faults(path, {"state.pool_size": 0}, {"ZOE_MASTER__TICK_SECONDS": "often", "ZOE_BUS__X": "1"})
    assert set(told) == {"log_level", "api.port", "state.pool_size", "master.tick_seconds", "ZOE_BUS__X"}


def test_the_error_is_a_sentence_with_path_and_neighbour() -> None:
    with pytest.raises(ConfigInvalidError, match=r"api.prot: unknown key; did you mean `api.port`\?"):
        load(None, {"api.prot": 1}, {})


@pytest.mark.parametrize(
    ("written_size", "size"), [("512K", 512 << 10), ("256M", 256 << 20), ("1.5 G", 3 << 29), ("2T", 2 << 40), ("9", 9)]
)
def test_a_size_may_have_a_suffix(written_size: str, size: int) -> None:
    assert load(None, {"scheduler.default_memory": written_size}, {}).scheduler.default_memory == size


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("scheduler.default_memory", bad) for bad in ("12Q", "-1", "", "M", "1e9", -1, 1 << 70, int, ())],
        *[("deployment_name", bad) for bad in ("", "Zoe", "a_b", "x" * 33, "a/../b", "zoe\n")],
        *[("api.port", bad) for bad in (-1, 65536, "http", 1.5)],
        *[("api.url_prefix", bad) for bad in ("zoe", "/", "/zoe/", "/z oe")],
        *[("state.url", bad) for bad in ("", "sqlite:///x", "embedded2")],
        *[("bus.endpoint", bad) for bad in ("inproc://x", "tcp://x", "tcp:///x:1", "ipc://relative", "udp://a:1")],
        *[("master.tick_seconds", bad) for bad in (0, -1, float("inf"), float("nan"), "soon")],
        ("plugins", []),
        ("plugins.process", 1),
        ("api", 1),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_path(key: str, value: object) -> None:
    assert list(faults(overrides={key: value})) == [key]


def test_lists_come_from_the_environment_with_commas() -> None:
    environ = {"ZOE_ZAPPS__ALLOWED_VOLUMES": "/a, /b", "ZOE_ZAPPS__ALLOWED_NETWORKS": "one,two"}
    zapps = load(None, {}, environ).zapps
    assert zapps.allowed_volumes == (Path("/a"), Path("/b"))
    assert zapps.allowed_networks == ("one", "two")


def test_paths_are_absolute_and_know_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = load(None, {"data_dir": "~/zoe", "zapps.shop_dir": "shop"}, {})
    assert settings.data_dir == tmp_path / "zoe"
    assert settings.zapps.shop_dir == Path.cwd() / "shop"


def test_a_plugin_s_lists_and_tables_come_from_the_environment_as_json_and_what_is_no_json_stays_text() -> None:
    environ = {
        "ZOE_PLUGINS__DOCKER__ENGINES": '[{"name": "a", "url": "tcp://a:1", "disabled": true}]',
        "ZOE_PLUGINS__DOCKER__NETWORK": '{"subnet_prefix": 24}',
        "ZOE_PLUGINS__LDAP__PASSWORD": "[secret",
        "ZOE_ADMIN_PASSWORD": '["a", "b"]',
    }
    settings = load(None, {}, environ)
    assert settings.plugin("docker") == {
        "engines": [{"name": "a", "url": "tcp://a:1", "disabled": True}],
        "network": {"subnet_prefix": 24},
    }
    assert settings.plugin("ldap") == {"password": "[secret"}
    assert settings.users.admin_password is not None
    assert settings.users.admin_password.get_secret_value() == '["a", "b"]'


def test_plugins_tables_are_passed_on_as_they_are_from_file_and_environment(tmp_path: Path) -> None:
    path = written(tmp_path, "[plugins.docker]\nhosts = ['a', 'b']\n[plugins.docker.tls]\nverify = true\n")
    settings = load(path, {}, {"ZOE_PLUGINS__DOCKER__TIMEOUT": "5"})
    assert settings.plugin("docker") == {"hosts": ["a", "b"], "tls": {"verify": True}, "timeout": "5"}
    assert settings.plugin("process") == {}


def test_secrets_are_in_no_representation_and_in_no_fault() -> None:
    environ = {"ZOE_ADMIN_PASSWORD": SECRET, "ZOE_STATE__URL": f"postgresql://zoe:{SECRET}@db/zoe"}
    settings = load(None, {"plugins.ldap.password": SECRET}, environ)
    assert settings.users.admin_password is not None
    assert settings.users.admin_password.get_secret_value() == SECRET
    assert SECRET not in repr(settings)
    assert SECRET not in str(
        faults(overrides={"state.url": f"mysql://zoe:{SECRET}@db", "users.admin_password": [SECRET]})
    )


def test_settings_cannot_be_changed() -> None:
    settings = load(None, {}, {})
    with pytest.raises(ValidationError):
        settings.api.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "message"), [(b"[api\n", "is not TOML"), (b"\xff\xfe", "is not TOML"), (None, "cannot be read")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "zoe.toml"
    if content is not None:
        path.write_bytes(content)
    assert faults(path)[str(path)].startswith(message)


def test_the_file_shows_every_setting_and_no_other() -> None:
    text = EXAMPLE.read_text()
    shown = set(keys_of(tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))))
    assert shown == {setting.key for setting in described()}


def test_the_file_shows_each_default_and_comments_out_what_has_none() -> None:
    assert load(EXAMPLE, {}, {}) == load(None, {}, {})
    shown = keys_of(tomllib.loads(EXAMPLE.read_text()))
    assert {setting.key for setting in described() if setting.default is not None} == set(shown)


def test_the_file_explains_each_setting_as_the_code_does() -> None:
    for setting in described():
        name = setting.key.rpartition(".")[2]
        assert re.search(rf"^# {re.escape(setting.doc)}\n(# )?{name} = ", EXAMPLE.read_text(), re.MULTILINE), (
            setting.key
        )


def test_every_setting_is_documented_in_one_sentence_or_two() -> None:
    assert all(re.fullmatch(r"\S.*\.", setting.doc) for setting in described())
    assert len([*described()]) == len({setting.key for setting in described()}) > 25


def test_a_fault_without_a_neighbour_says_so() -> None:
    from zoe.faults import unknown_key

    assert unknown_key("plugins.fifo.x", ()) == Fault("plugins.fifo.x", "unknown key; there are none here")


def test_defaults_are_valid_by_themselves() -> None:
    assert Settings() == load(None, {}, {})


def test_idle_times_of_roles_and_zapp_types_are_checked_as_those_of_the_deployment(tmp_path: Path) -> None:
    path = written(tmp_path, "[idle.roles.user]\nend_minutes = 90\n[idle.zapp_types.spark]\nelastic_minutes = 5\n")
    idle = load(path, {"idle.end_minutes": 60}, {}).idle
    assert (idle.end_minutes, idle.roles["user"].end_minutes, idle.roles["user"].elastic_minutes) == (60, 90, None)
    assert idle.zapp_types["spark"].elastic_minutes == 5
    wrong = written(tmp_path, "[idle.roles.user]\nend_minuts = 90\n[idle.zapp_types.spark]\nend_minutes = -1\n")
    assert set(faults(wrong)) == {"idle.roles.user.end_minuts", "idle.zapp_types.spark.end_minutes"}
