"""`docs/idle.md` tells the truth: its rows name tests, its settings are settings, its keys are those of the API."""

import re
import tomllib
from pathlib import Path

import pytest

from zoe.config import IdleSettings
from zoe.errors import ConfigInvalidError
from zoe.master.idle import Step
from zoe.master.running import Reach
from zoe.serve.idle import idle_terms, watch_idle
from zoe.state.database import Database
from zoe.testing.instant_backend import InstantBackend

TESTS = Path(__file__).parents[1]
DOCUMENT = (TESTS.parent / "docs/idle.md").read_text()


def test_every_row_names_a_test_that_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", DOCUMENT))
    sources = "\n".join(path.read_text() for path in TESTS.rglob("test_*.py"))
    assert named
    assert named <= set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))


def test_the_settings_shown_are_settings() -> None:
    (shown,) = re.findall(r"^```toml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    settings = IdleSettings.model_validate(tomllib.loads(shown)["idle"])
    terms = idle_terms(settings, {})
    assert terms.interval == 60
    assert terms.roles["student"].end_minutes == 60


def test_the_steps_told_are_those_that_can_be_seen() -> None:
    told = re.search(r"^\| `step` \| (.*) \|$", DOCUMENT, re.MULTILINE)
    assert told is not None
    assert set(re.findall(r"`(\w+)`", told[1])) == {Step.IDLE, Step.RESTING, Step.KEPT}


def test_times_of_a_zapp_type_that_does_not_exist_are_refused_at_the_start() -> None:
    settings = IdleSettings.model_validate({"zapp_types": {"sprak": {"end_minutes": 5}}})
    with pytest.raises(ConfigInvalidError, match=r"idle.zapp_types.sprak: there is no such ZApp type; there are: none"):
        watch_idle(settings, Database("postgresql://x/y"), Reach(InstantBackend()), {}, lambda: None)
