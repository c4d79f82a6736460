"""Every field of the format: missing, null, of the wrong type, huge, hostile."""

from copy import deepcopy
from typing import Any

import pytest

from zoe.errors import ZAppInvalidError
from zoe.zapp import EXAMPLE, read

MISSING = object()
NUL, SURROGATE, ESCAPE = "a\x00b", "a\ud800b", "a\x1b[2Jb"
HOSTILE_TEXTS = [NUL, SURROGATE, ESCAPE, "x" * 70_000]
NO_TEXT: list[Any] = [1, 1.5, True, {}, []]
NO_FLAG: list[Any] = [None, 0, 1, "true", [], {}]
NO_WHOLE: list[Any] = [1.0, True, "1", [], {}, float("nan"), float("inf"), 10**30, -(10**30), 10**5000]
NO_CORES: list[Any] = [0, -1, True, "1", [], {}, float("nan"), float("inf"), 4097, 10**400]
NO_BYTES: list[Any] = [*NO_WHOLE, -1, 2**50 + 1]
NO_OBJECT: list[Any] = [None, 1, "x", [], True]
NO_LIST: list[Any] = [None, 1, "x", {}, True]

PORT = "services[0].ports[0]"
VOLUME = "services[0].volumes[0]"
RESOURCES = "services[0].resources"
REFUSED: dict[str, list[Any]] = {
    "name": [MISSING, None, "ab", "x" * 129, "a b", "../x", "abc\n", "ähm", *NO_TEXT, *HOSTILE_TEXTS],
    "version": [MISSING, None, 1, 4, *NO_WHOLE],
    "will_end": [MISSING, *NO_FLAG],
    "size": [None, -1, 2**31, *NO_WHOLE],
    "services": [MISSING, [], [None], [1], ["x"], [[]], *NO_LIST],
    "services[0].name": [MISSING, None, "ab", "x" * 17, "a_b", "-ab", "a/b", "abc\n", *NO_TEXT, *HOSTILE_TEXTS],
    "services[0].image": [MISSING, None, "", "a", "a b:1", "-a:1", "a:", "a@sha256:0", *NO_TEXT, *HOSTILE_TEXTS],
    "services[0].monitor": [MISSING, *NO_FLAG],
    "services[0].total_count": [MISSING, None, 0, -1, 1001, *NO_WHOLE],
    "services[0].essential_count": [MISSING, None, -1, 2, 1001, *NO_WHOLE],
    "services[0].startup_order": [None, 1_000_001, -1_000_001, *NO_WHOLE],
    RESOURCES: NO_OBJECT,
    f"{RESOURCES}.memory": NO_OBJECT,
    f"{RESOURCES}.cores": NO_OBJECT,
    f"{RESOURCES}.memory.min": NO_BYTES,
    f"{RESOURCES}.memory.max": [0, *NO_BYTES],
    f"{RESOURCES}.cores.min": NO_CORES,
    f"{RESOURCES}.cores.max": NO_CORES,
    f"{RESOURCES}.shm": NO_BYTES,
    f"{RESOURCES}.shm_size": NO_BYTES,
    f"{RESOURCES}.gpus": [None, -1, 1025, *NO_WHOLE],
    "services[0].command": [1, True, {}, [], ["x"] * 1001, *HOSTILE_TEXTS],
    "services[0].command[0]": [None, *NO_TEXT, *HOSTILE_TEXTS],
    "services[0].environment": [*NO_LIST, [["A", "b"]] * 1001],
    "services[0].environment[0]": [None, 1, "AB", [], {}],
    "services[0].environment[0][0]": [None, "", "1A", "A B", "A=B", "A\n", *NO_TEXT, *HOSTILE_TEXTS],
    "services[0].environment[0][1]": [None, *NO_TEXT, *HOSTILE_TEXTS],
    "services[0].volumes": NO_LIST,
    VOLUME: NO_OBJECT,
    f"{VOLUME}.name": [MISSING, None, "", "a/b", "..", "workspace", "x" * 65, *NO_TEXT, *HOSTILE_TEXTS],
    f"{VOLUME}.path": [MISSING, None, "", "data", "/data/../etc", "/..", "/a\nb", *NO_TEXT, *HOSTILE_TEXTS],
    f"{VOLUME}.read_only": NO_FLAG,
    "services[0].ports": NO_LIST,
    PORT: NO_OBJECT,
    f"{PORT}.name": [MISSING, None, "", "{x}", "a\nb", "x" * 129, *NO_TEXT, *HOSTILE_TEXTS],
    f"{PORT}.port_number": [MISSING, None, 0, -1, 65536, *NO_WHOLE],
    f"{PORT}.protocol": [None, "http", "TCP", "", *NO_TEXT, NUL],
    f"{PORT}.url_template": ["", "javascript:alert(1)", "JavaScript://%0aalert(1)", "data:x", "x y", *HOSTILE_TEXTS],
    f"{PORT}.proxy": NO_FLAG,
    "services[0].work_dir": ["", "relative", "/a/../b", "{workspace}/..", *NO_TEXT, *HOSTILE_TEXTS],
    "services[0].labels": NO_LIST,
    "services[0].labels[0]": [None, "", "a b", "x" * 129, *NO_TEXT, *HOSTILE_TEXTS],
    "services[0].network": ["", "host", "HOST", "container:abc", "a b", "../x", *NO_TEXT, *HOSTILE_TEXTS],
    "services[0].replicas": [0, -1, 1001, *NO_WHOLE],
}
MAY_BE_NULL = [
    *(f"{RESOURCES}.{key}" for key in ("memory.min", "memory.max", "cores.min", "cores.max", "shm", "shm_size")),
    *(f"services[0].{key}" for key in ("command", "work_dir", "network", "replicas")),
    f"{PORT}.url_template",
]
MAY_BE_LEFT_OUT = [
    *MAY_BE_NULL,
    *("size", "services[0].startup_order", RESOURCES, f"{RESOURCES}.memory", f"{RESOURCES}.cores", f"{RESOURCES}.gpus"),
    *(f"services[0].{key}" for key in ("environment", "volumes", "ports", "labels")),
    *(f"{VOLUME}.read_only", f"{PORT}.protocol", f"{PORT}.proxy"),
]


def document() -> dict[str, Any]:
    full = deepcopy(EXAMPLE)
    full["services"][0] |= {"labels": ["ssd"], "network": "lab", "work_dir": "/tmp", "replicas": 1}
    return full


def with_value(path: str, value: object) -> dict[str, Any]:
    changed = document()
    holder: Any = changed
    *before, last = [
        int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")
    ]
    for step in before:
        holder = holder[step]
    if value is MISSING:
        holder.pop(last, None)
    else:
        holder[last] = value
    return changed


def shown(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**30:
        return "enormous"
    return "missing" if value is MISSING else ascii(value)[:24]


@pytest.mark.parametrize(
    ("path", "value"),
    [pytest.param(path, value, id=f"{path}-{shown(value)}") for path, values in REFUSED.items() for value in values],
)
def test_a_faulty_field_is_refused_with_its_path_and_a_short_sentence(path: str, value: object) -> None:
    with pytest.raises(ZAppInvalidError) as refused:
        read(with_value(path, value))
    guilty = [fault for fault in refused.value.faults if fault.path.startswith(path)]
    assert guilty
    assert all(0 < len(fault.message) < 400 for fault in guilty)
    assert all(
        word not in fault.message.lower() for fault in guilty for word in ("pydantic", "input should", "value error")
    )


@pytest.mark.parametrize("path", MAY_BE_NULL)
def test_an_optional_field_may_be_null(path: str) -> None:
    assert read(with_value(path, None))


@pytest.mark.parametrize("path", MAY_BE_LEFT_OUT)
def test_an_optional_field_may_be_left_out(path: str) -> None:
    assert read(with_value(path, MISSING))


@pytest.mark.parametrize(
    "image",
    [
        "spark:4.0",
        "library/spark:latest",
        "example.org:5000/a/b__c/d-e:V1.2_3",
        "localhost:5000/a:1",
        f"a@sha256:{'0' * 64}",
        f"example.org/a:1@sha256:{'aB' * 32}",
    ],
)
def test_an_image_may_be_named_by_tag_or_digest_in_any_registry(image: str) -> None:
    assert read(with_value("services[0].image", image)).services[0].image == image


def test_a_registrys_port_is_no_tag() -> None:
    with pytest.raises(ZAppInvalidError, match="neither tag nor digest"):
        read(with_value("services[0].image", "example.org:5000/spark"))


def test_cores_may_be_fractions_and_whole_numbers() -> None:
    assert read(with_value(f"{RESOURCES}.cores", {"min": 0.25, "max": 1})).services[0].resources.cores.min == 0.25


def test_shm_size_is_read_as_shm() -> None:
    assert read(with_value(f"{RESOURCES}.shm_size", 4096)).services[0].resources.shm == 4096


@pytest.mark.parametrize("path", ["services[0].command", "services[0].environment[0][1]"])
def test_commands_and_environment_values_may_have_tabs_and_lines(path: str) -> None:
    assert read(with_value(path, "first\n\tsecond\r\n{}"))


@pytest.mark.parametrize("url", ["http://{ip_port}{proxy_path}/lab?x=1", "spark://{ip_port}", "{proxy_path}/", "/x"])
def test_a_url_template_may_have_any_scheme_that_is_no_script(url: str) -> None:
    assert read(with_value(f"{PORT}.url_template", url)).services[0].ports[0].url_template == url
