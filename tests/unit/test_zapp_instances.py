"""What a ZApp comes to: instances, reservations, size; and what the site allows."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from zoe.zapp import EXAMPLE, ZApp, check_site, instances, read, reserved, size

GIB = 1024**3


def zapp(size_hint: int = 0, counter: dict[str, Any] | None = None, reader: dict[str, Any] | None = None) -> ZApp:
    document = deepcopy(EXAMPLE) | {"size": size_hint}
    document["services"][0] |= counter or {}
    document["services"][1] |= reader or {}
    return read(document)


def one(resources: dict[str, Any]) -> ZApp:
    document = deepcopy(EXAMPLE)
    document["services"] = [document["services"][0] | {"resources": resources}]
    return read(document)


def test_the_first_essential_instances_of_each_entry_are_core() -> None:
    made = instances(zapp(reader={"total_count": 3, "essential_count": 2}))
    assert [(each.name, each.core) for each in made] == [
        ("counter0", True),
        ("reader0", True),
        ("reader1", True),
        ("reader2", False),
    ]
    assert (made[3].group, made[3].index, made[3].service.name) == ("reader", 2, "reader")


def test_instances_come_in_startup_order_then_in_document_order() -> None:
    assert instances(zapp(counter={"startup_order": 2}))[0].group == "reader"
    assert instances(zapp(reader={"startup_order": 0}))[0].group == "counter"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, (2.0, 4 * GIB, 0)),
        ({"memory": {"min": GIB, "max": 8 * GIB}, "cores": {"min": 0.5}, "gpus": 2}, (0.5, GIB, 2)),
        ({"memory": {"max": GIB}, "cores": {"max": 1}}, (1.0, GIB, 0)),
        ({"memory": {"min": None, "max": 8 * GIB}, "cores": {"max": 3}}, (2.0, 4 * GIB, 0)),
    ],
)
def test_what_is_not_said_is_the_default_but_never_above_the_limit(resources: dict[str, Any], expected: object) -> None:
    assert reserved(one(resources).services[0], 2.0, 4 * GIB) == expected


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, 1),
        ({"cores": {"min": 0.1}}, 1),
        ({"cores": {"min": 3.5}}, 4),
        ({"memory": {"min": 40 * GIB}}, 10),
        ({"gpus": 2}, 16),
    ],
)
def test_a_size_of_0_is_worked_out_from_what_is_reserved(resources: dict[str, Any], expected: int) -> None:
    assert size(one(resources)) == expected


def test_the_size_counts_all_instances_and_stays_a_number_of_31_bits() -> None:
    most = {"total_count": 1000, "essential_count": 1, "resources": {"memory": {"min": 2**50}}}
    assert size(zapp()) == 5
    assert size(zapp(counter=most, reader=most)) == 2 * 1000 * 2**18
    services = [{**EXAMPLE["services"][0], **most, "environment": [], "name": f"g{n}"} for n in range(10, 20)]
    assert size(read({**EXAMPLE, "services": services})) == 2**31 - 1


def test_a_hint_is_the_size() -> None:
    assert size(zapp(size_hint=42)) == 42


@pytest.mark.parametrize(
    ("path", "allowed", "fine"),
    [
        ("/data/sets", ["/data"], True),
        ("/data", ["/data/"], True),
        ("//data/./sets/", ["/scratch", "/data"], True),
        ("/anything", ["/"], True),
        ("/data2", ["/data"], False),
        ("/", ["/data"], False),
        ("/data", [], False),
    ],
)
def test_a_volume_must_be_below_an_allowed_path(path: str, allowed: list[str], fine: bool) -> None:
    faults = check_site(zapp(counter={"volumes": [{"name": "a", "path": path}]}), list(map(Path, allowed)), [])
    assert [fault.path for fault in faults] == ([] if fine else ["services[0].volumes[0].path"])


def test_a_network_must_be_allowed_by_name() -> None:
    asked = zapp(counter={"volumes": []}, reader={"network": "lab"})
    assert check_site(asked, [], ["lab"]) == []
    assert [fault.path for fault in check_site(asked, [], ["Lab", "other"])] == ["services[1].network"]
