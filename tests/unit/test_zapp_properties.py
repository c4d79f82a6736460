"""What holds for every document, and the schema of the format."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoe.errors import ZAppInvalidError
from zoe.zapp import EXAMPLE, json_schema, read, unknown_keys

FIELDS = {
    "ZApp": ("name", "version", "will_end", "size", "services"),
    "Service": (
        *("name", "image", "monitor", "total_count", "essential_count", "startup_order", "resources", "command"),
        *("environment", "volumes", "ports", "work_dir", "labels", "network", "replicas"),
    ),
    "ServiceResources": ("memory", "cores", "shm", "gpus"),
    "MemoryRange": ("min", "max"),
    "CoreRange": ("min", "max"),
    "Port": ("name", "port_number", "protocol", "url_template", "proxy"),
    "Volume": ("name", "path", "read_only"),
}
"""The table of the format: every field by the part that has it."""
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
OLD_KEYS = ["docker_image", "required_resources", "networks", "path", "extra"]
KEYS = st.sampled_from(sorted({key for keys in FIELDS.values() for key in keys} | set(OLD_KEYS))) | st.text(max_size=5)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8))
PLACES = [(), (0,), (1,), (0, "ports", 0), (0, "volumes", 0), (0, "resources"), (0, "resources", "memory")]

NAMES = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9-]{2,15}", fullmatch=True)
AMOUNTS = st.tuples(st.integers(1, 2**50), st.integers(1, 2**50)).map(lambda pair: {"min": min(pair), "max": max(pair)})
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{}"), max_size=20)


@st.composite
def services(draw: st.DrawFn) -> dict[str, Any]:
    total = draw(st.integers(1, 9))
    return {
        "name": draw(NAMES),
        "image": draw(st.sampled_from(["a:1", "example.org:5000/a/b:2"])),
        "monitor": True,
        "total_count": total,
        "essential_count": draw(st.integers(1, total)),
        "startup_order": draw(st.integers(-1_000_000, 1_000_000)),
        "resources": {"memory": draw(AMOUNTS), "cores": {"min": draw(st.floats(0.001, 4096)), "max": None}},
        "command": draw(st.none() | VALUES | st.lists(VALUES, min_size=1, max_size=3)),
        "environment": draw(st.lists(st.tuples(st.just("A_B"), VALUES).map(list), max_size=3)),
    }


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_reading_anything_gives_a_zapp_or_its_faults(document: object) -> None:
    assert_read_or_refused(document)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PLACES), KEYS, JSON, st.sampled_from([2, 3]))
def test_reading_a_zapp_with_anything_in_it_gives_a_zapp_or_its_faults(
    place: tuple[str | int, ...], key: str, value: object, version: int
) -> None:
    document = {**deepcopy(EXAMPLE), "version": version}
    holder: Any = document if not place else document["services"]
    for step in place:
        holder = holder[step]
    holder[key] = value
    assert_read_or_refused(document)


def assert_read_or_refused(document: object) -> None:
    unknown_keys(document)
    try:
        version, faults = read(document).version, []
    except ZAppInvalidError as refused:
        version, faults = None, [fault.message for fault in refused.faults]
    assert (version == 3) != bool(faults)
    assert all(faults)


@settings(max_examples=40, deadline=None)
@given(st.lists(services(), min_size=1, max_size=3, unique_by=lambda service: service["name"].lower()[:3]))
def test_a_zapp_written_down_reads_back_equal(entries: list[dict[str, Any]]) -> None:
    zapp = read({"name": "any", "version": 3, "will_end": True, "services": entries})
    assert read(json.loads(json.dumps(zapp.model_dump(mode="json")))) == zapp


@pytest.mark.parametrize("part", FIELDS)
def test_the_schema_describes_every_field_of_the_format(part: str) -> None:
    schema: Any = json_schema()
    properties = schema["properties"] if part == "ZApp" else schema["$defs"][part]["properties"]
    assert set(properties) == set(FIELDS[part])
    assert all(described["description"] for described in properties.values())


def test_the_example_in_the_schema_is_valid() -> None:
    schema: Any = json_schema()
    assert [read(example).name for example in schema["examples"]] == ["word-count"]


def test_the_schema_can_be_published_as_json() -> None:
    assert json.loads(json.dumps(json_schema())) == json_schema()
