"""The rules between fields, and that every fault is found at once."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from zoe.errors import ZAppInvalidError
from zoe.zapp import EXAMPLE, read, unknown_keys

Change = Callable[[dict[str, Any]], object]


def faults(change: Change) -> dict[str, str]:
    document = deepcopy(EXAMPLE)
    change(document)
    with pytest.raises(ZAppInvalidError) as refused:
        read(document)
    return {fault.path: fault.message for fault in refused.value.faults}


def counter(**fields: object) -> Change:
    return lambda zapp: zapp["services"][0].update(fields)


def reader(**fields: object) -> Change:
    return lambda zapp: zapp["services"][1].update(fields)


def together(*changes: Change) -> Change:
    return lambda zapp: [change(zapp) for change in changes]


def port(name: str, number: int, **more: object) -> dict[str, object]:
    return {"name": name, "port_number": number, **more}


def many(service: dict[str, object]) -> list[dict[str, object]]:
    return [{**service, "name": f"g{n}", "total_count": 1000} for n in range(10, 20)]


BROKEN_RULES: list[tuple[str, Change]] = [
    ("services[1].name", reader(name="counter")),
    ("services[1].name", reader(name="Counter")),
    ("services[1].name", together(counter(name="abc", total_count=11), reader(name="abc1", total_count=1))),
    ("services", lambda zapp: zapp["services"].extend(many(zapp["services"][1]))),
    ("services", counter(monitor=False)),
    ("services[0].essential_count", counter(total_count=2, essential_count=3)),
    ("services[1].essential_count", together(counter(essential_count=0), reader(essential_count=0))),
    ("services[0].resources.memory.min", counter(resources={"memory": {"min": 2, "max": 1}})),
    ("services[0].resources.cores.min", counter(resources={"cores": {"min": 0.2, "max": 0.1}})),
    ("services[0].ports[1].name", counter(ports=[port("a", 1), port("a", 2)])),
    ("services[0].ports[1].port_number", counter(ports=[port("a", 1), port("b", 1)])),
    ("services[0].volumes[1].name", counter(volumes=[{"name": "a", "path": "/a"}, {"name": "a", "path": "/b"}])),
    ("services[0].volumes[0].name", counter(volumes=[{"name": "workspace", "path": "/a"}])),
    ("services[0].environment[0][1]", counter(environment=[["A", "x{dns_name#nobody}"]])),
    ("services[0].environment[0][1]", counter(environment=[["A", "{dns_name#counter1}"]])),
    ("services[0].environment[0][1]", counter(environment=[["A", "{proxy_path#nobody}"]])),
    ("services[0].command", counter(command="{dns_name#}")),
    ("services[0].command[1]", counter(command=["a", "{proxy_path#}"])),
    ("services[0].command", counter(command="{proxy_path#a}", ports=[port("a", 1, proxy=False)])),
    ("services[0].environment", counter(environment=[[f"A{n}", "x" * 60_000] for n in range(20)])),
]


@pytest.mark.parametrize(("path", "change"), BROKEN_RULES)
def test_a_broken_rule_is_a_fault_with_its_path(path: str, change: Change) -> None:
    assert path in faults(change)


@pytest.mark.parametrize(("path", "change"), BROKEN_RULES)
def test_a_broken_rule_is_found_also_where_other_fields_are_faulty(path: str, change: Change) -> None:
    found = faults(together(change, lambda zapp: zapp.update(name="?", will_end="no"), reader(image=3)))
    assert {path, "name", "will_end", "services[1].image"} <= found.keys()


def test_zero_essential_instances_are_allowed_where_another_service_has_a_core() -> None:
    document = deepcopy(EXAMPLE)
    document["services"][1]["essential_count"] = 0
    assert read(document).services[1].essential_count == 0


def test_a_placeholder_is_not_blamed_while_faults_hide_which_instances_there_are() -> None:
    found = faults(together(counter(environment=[["A", "{dns_name#reader0}"]]), reader(total_count="8")))
    assert found.keys() == {"services[1].total_count"}


def test_one_faulty_service_does_not_make_the_list_too_short() -> None:
    document = deepcopy(EXAMPLE)
    document["services"] = [document["services"][0] | {"image": None}]
    with pytest.raises(ZAppInvalidError) as refused:
        read(document)
    assert [fault.path for fault in refused.value.faults] == ["services[0].image"]


def test_faults_stand_in_reading_order_with_numbers_as_numbers() -> None:
    ports = [port("", n + 1) for n in range(12)]
    document = deepcopy(EXAMPLE)
    document["services"][0]["ports"] = ports
    with pytest.raises(ZAppInvalidError) as refused:
        read(document)
    paths = list(dict.fromkeys(fault.path for fault in refused.value.faults))
    assert paths == [f"services[0].ports[{n}].name" for n in range(12)]


@pytest.mark.parametrize("document", [None, 3, "x", [], True, float("nan")])
def test_what_is_no_object_is_refused_at_the_root(document: object) -> None:
    with pytest.raises(ZAppInvalidError) as refused:
        read(document)
    assert [fault.path for fault in refused.value.faults] == [""]


def test_a_number_that_only_equals_the_version_is_refused() -> None:
    assert faults(lambda zapp: zapp.update(version=2.0)).keys() == {"version"}


def test_endless_depth_is_a_fault_and_no_recursion() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    found = faults(lambda zapp: zapp.update(extra=deep))
    assert [path.startswith("extra[0]") for path in found] == [True]
    while deep:
        deep = deep.pop()  # type: ignore[assignment] # takes it apart level by level, as the interpreter would not


def test_a_document_that_holds_itself_is_refused() -> None:
    itself: dict[str, object] = deepcopy(EXAMPLE)
    itself["services"] = [itself, itself]
    with pytest.raises(ZAppInvalidError):
        read(itself)


def test_a_document_of_too_many_values_is_refused_as_a_whole() -> None:
    assert faults(lambda zapp: zapp.update(services=[{}] * 400_000)).keys() == {""}


def test_a_document_with_thousands_of_faults_reports_the_first_thousand() -> None:
    document = deepcopy(EXAMPLE) | {f"k{n}": "\x00" for n in range(5000)}
    with pytest.raises(ZAppInvalidError) as refused:
        read(document)
    assert len(refused.value.faults) == 1000


def test_a_list_that_is_too_long_is_one_fault_whatever_it_holds() -> None:
    assert faults(lambda zapp: zapp.update(services=[0] * 200_000)).keys() == {"services"}


def test_a_document_of_nothing_but_faults_is_told_so_in_one_sentence() -> None:
    found = faults(lambda zapp: zapp.update(services=[{"environment": [0] * 200}] * 100))
    assert "too many to tell" in found[""]


def test_hostile_text_is_refused_also_in_keys_that_the_format_does_not_know() -> None:
    found = faults(lambda zapp: zapp.update({"extra": {"x": ["\x00"], "y\x1b": 1, "z": float("inf")}}))
    assert found.keys() == {"extra", "extra.x[0]", "extra.z"}


def test_a_key_of_the_format_misspelt_is_told_with_its_nearest_neighbour() -> None:
    document = deepcopy(EXAMPLE)
    document["services"][0] |= {"esential_count": 1, "resources": {"memory": {"mim": 1}, "shm_size": 1}}
    document["services"][0]["ports"][0]["colour"] = "red"
    read(document)
    found = {fault.path: fault.message for fault in unknown_keys(document)}
    assert found.keys() == {
        "services[0].esential_count",
        "services[0].ports[0].colour",
        "services[0].resources.memory.mim",
    }
    assert found["services[0].esential_count"].endswith("did you mean essential_count?")


@pytest.mark.parametrize("document", [None, [], {"services": 3}, {"services": [{"ports": {"a": 1}}]}, {1: 2}])
def test_unknown_keys_are_looked_for_in_any_document(document: object) -> None:
    assert all(fault.path for fault in unknown_keys(document))


def test_the_example_has_no_unknown_keys() -> None:
    assert unknown_keys(EXAMPLE) == []
