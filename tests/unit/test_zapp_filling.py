"""Placeholders, environment and command of an instance."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoe.errors import ZAppInvalidError
from zoe.zapp import EXAMPLE, Instance, Surroundings, command, environment, fill, instances, read, work_dir

AROUND = Surroundings(
    user_name="ada",
    uid=1001,
    gid=1002,
    execution_id=7,
    execution_name="first run",
    deployment_name="lab",
    dns_names={"counter0": "counter0-7-lab", "reader0": "reader0-7-lab"},
    address="127.0.0.9",
    workspace="/mnt/workspace",
    proxy_paths={"progress": "/e/7/progress"},
)


def counter(**fields: object) -> Instance:
    document: dict[str, Any] = deepcopy(EXAMPLE)
    document["services"][0] |= fields
    return instances(read(document))[0]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{user_name}", "ada"),
        ("{execution_id}", "7"),
        ("{execution_name}", "first run"),
        ("{deployment_name}", "lab"),
        ("{dns_name#self}", "counter0-7-lab"),
        ("http://{dns_name#reader0}:80/", "http://reader0-7-lab:80/"),
        ("{address#self}", "127.0.0.9"),
        ("{proxy_path#progress}", "/e/7/progress"),
        ("{workspace}/{user_name}", "/mnt/workspace/ada"),
        ("{{user_name}}", "{ada}"),
    ],
)
def test_a_placeholder_is_replaced(text: str, filled: str) -> None:
    assert fill(text, counter(), AROUND) == filled


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": [1, 2]}, "c": {}}',
        "{",
        "}",
        "{}",
        "{0}",
        "{uid}",
        "{gid}",
        "{dns_names}",
        "{user_name!r}",
        "{ user_name }",
        "{USER_NAME}",
        "{address}",
        "{address#reader0}",
        "{dns_name}",
        "{instance.__class__}",
        "${user_nam}",
        "%(user_name)s",
    ],
)
def test_any_other_brace_is_literal_text(text: str) -> None:
    assert fill(text, counter(), AROUND) == text


def test_a_value_that_brings_a_placeholder_is_not_filled_again() -> None:
    around = replace(AROUND, execution_name="{user_name}")
    assert fill("{execution_name}", counter(), around) == "{user_name}"


def test_a_name_that_nobody_told_stays_as_it_is() -> None:
    assert fill("{dns_name#reader0}", counter(), replace(AROUND, dns_names={})) == "{dns_name#reader0}"


@given(st.text().filter(lambda text: "{" not in text or "}" not in text))
def test_text_without_placeholders_is_untouched(text: str) -> None:
    assert fill(text, INSTANCE, AROUND) == text


def test_every_service_learns_who_it_is() -> None:
    assert environment(counter(environment=[]), AROUND) == {
        "EXECUTION_ID": "7",
        "DEPLOY_NAME": "lab",
        "ZOE_UID": "1001",
        "ZOE_GID": "1002",
        "ZOE_USER": "ada",
        "SERVICE_NAME": "counter0",
        "ZOE_WORKSPACE": "/mnt/workspace",
        "REVERSE_PROXY_PATH_7000": "/e/7/progress",
    }


def test_the_zapps_own_variables_are_filled_in_but_do_not_hide_zoes() -> None:
    told = environment(counter(environment=[["A", "{user_name}"], ["ZOE_USER", "root"]]), AROUND)
    assert (told["A"], told["ZOE_USER"]) == ("ada", "ada")


@pytest.mark.parametrize(
    ("given_command", "filled"),
    [
        ("echo {user_name}", "echo ada"),
        (["echo", "{user_name}"], ("echo", "ada")),
        (None, None),
        ("", None),
    ],
)
def test_a_command_keeps_its_kind(given_command: object, filled: object) -> None:
    assert command(counter(command=given_command), AROUND) == filled


def test_a_service_may_start_in_its_owners_workspace() -> None:
    assert work_dir(counter(work_dir="{workspace}/src"), AROUND) == "/mnt/workspace/src"
    assert work_dir(counter(), AROUND) is None


INSTANCE = counter()


def test_a_secret_is_filled_into_the_environment_and_never_stands_in_a_command() -> None:
    document: dict[str, Any] = deepcopy(EXAMPLE)
    document["services"][0]["environment"] = [["KEY", "{secret#account_key}"]]
    [first, *_] = instances(read(document))
    filled = environment(first, replace(AROUND, secrets={"account_key": "hush"}))
    assert filled["KEY"] == "hush"
    assert "hush" not in repr(replace(AROUND, secrets={"account_key": "hush"}))
    document["services"][0]["command"] = "run {secret#account_key}"
    with pytest.raises(ZAppInvalidError) as refused:
        read(document)
    assert [fault.path for fault in refused.value.faults] == ["services[0].command"]
