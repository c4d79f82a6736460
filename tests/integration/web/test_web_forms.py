"""From a JSON Schema to the fields of a form, and from what was filled in to parameters."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from zoe.api.forms import Form
from zoe.web.answers import parameters
from zoe.web.fields import fields
from zoe.web.own_paths import own_path
from zoe.web.wording import duration, plain, rich


class Asked(BaseModel):
    mode: Literal["fast", "slow"] = "slow"
    many: int = Field(2, ge=1, le=9, description="How many.")
    share: float = Field(0.5, gt=0, le=1)
    quick: bool = True
    memory: int = Field(1 << 30, ge=1 << 20)
    key: SecretStr
    arguments: tuple[str, ...] = ()
    conf: dict[str, str] = {}
    note: Annotated[str, Field(max_length=9)] | None = None


FIELDS = {one.name: one for one in fields(Asked.model_json_schema())}


def test_every_kind_of_parameter_has_its_field() -> None:
    kinds = {name: one.kind for name, one in FIELDS.items()}
    assert kinds == {
        "key": "secret",
        "mode": "choice",
        "many": "whole",
        "share": "number",
        "quick": "switch",
        "memory": "size",
        "arguments": "lines",
        "conf": "pairs",
        "note": "text",
    }
    assert next(iter(FIELDS)) == "key"  # what is required comes first
    assert FIELDS["mode"].choices == ("fast", "slow")
    assert (FIELDS["many"].low, FIELDS["many"].high, FIELDS["many"].bounds) == (1, 9, "1 to 9")
    assert (FIELDS["memory"].shown, FIELDS["memory"].bounds) == ("1G", "at least 1M")
    assert FIELDS["note"].longest == 9


def test_what_is_filled_in_becomes_json_of_the_right_type() -> None:
    filled = {"mode": "fast", "many": "3", "share": ".25", "memory": "1.5 GiB", "arguments": "a b\r\n\r\nc"}
    filled |= {"conf": "spark.x=1=2\nspark.y = z", "key": " secret ", "note": ""}
    form = Form([("asked", "1"), *((f"p.{name}", text) for name, text in filled.items())])
    assert parameters(list(FIELDS.values()), form) == {
        "mode": "fast",
        "many": 3,
        "share": 0.25,
        "quick": False,
        "memory": 3 << 29,
        "arguments": ["a b", "c"],
        "conf": {"spark.x": "1=2", "spark.y": "z"},
        "key": " secret ",
    }


def test_a_button_without_a_form_means_the_defaults() -> None:
    assert parameters(list(FIELDS.values()), Form([])) == {}


@pytest.mark.parametrize("text", ["a", "1x", "--", "-", ".", "1e999", "0x1", "१२"])
def test_what_is_no_number_is_handed_on_for_the_type_to_refuse(text: str) -> None:
    form = Form([("asked", "1"), ("p.many", text), ("p.memory", text)])
    found = parameters(list(FIELDS.values()), form)
    assert found["memory"] == text or isinstance(found["memory"], int)
    assert found["many"] == text or isinstance(found["many"], int)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\u202eb", "a\ufffdb"), ("\x1b[31m", "\ufffd[31m"), ("\u0645\u200c\u062e", "\u0645\u200c\u062e")],
)
def test_what_turns_text_around_is_made_visible_and_scripts_are_left_alone(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_headings_of_the_shop_come_below_the_pages_own() -> None:
    assert str(rich("# A\n\n#### B\n")) == "<h2>A</h2>\n<h3>B</h3>\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.31, "0.3 s"), (42, "42 s"), (200, "3 min 20 s"), (3600, "1 h"), (90_000, "1 d 1 h")]
)
def test_lengths_of_time_are_written_in_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_an_own_path_keeps_its_query() -> None:
    assert own_path("/executions?status=running") == "/executions?status=running"
