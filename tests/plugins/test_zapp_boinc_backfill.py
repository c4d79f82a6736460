"""The backfill `boinc`: what a site writes down, and the one task that comes of it for each slot."""

import json
from pathlib import Path

import pytest

from zapp_boinc.backfill import BoincBackfill
from zapp_boinc.boinc_type import BoincType
from zapp_boinc.document import KEPT
from zapp_boinc.parameters import BoincParameters
from zoe import zapp
from zoe.config import load
from zoe.errors import ConfigInvalidError
from zoe.plugin import Backfill, Deployment, IdleWork
from zoe.plugin.manager import PluginManager

KEY = "42_763e09399e0368f19388ccf75d2bc26d"
HERE = Deployment("test", "1", Path("/nonexistent"))
GIVEN = {"project": "https://example.org/science", "key": KEY, "share": 0.5, "hours": "20:00-07:00"}


def made(**more: object) -> BoincBackfill:
    plugin = PluginManager().load().make(Backfill, "boinc", {"backfill": GIVEN | more}, HERE)
    assert isinstance(plugin, BoincBackfill)
    return plugin


def work(**more: object) -> IdleWork:
    found = made(**more).work()
    assert found is not None
    return found


def test_it_is_in_use_only_where_a_site_names_a_project() -> None:
    plugins = PluginManager().load()
    assert plugins.make(Backfill, "boinc", {}, HERE).terms is None
    terms = made().terms
    assert terms is not None
    assert (terms.share, terms.hours, terms.idle_minutes) == (0.5, "20:00-07:00", 5.0)


def test_the_key_may_stand_in_the_environment_and_the_rest_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "zoe.toml"
    file.write_text('[plugins.boinc.backfill]\nproject = "https://example.org/"\nmemory = "2G"\nshare = 1\n')
    environment = {"ZOE_PLUGINS__BOINC__BACKFILL__KEY": KEY, "ZOE_PLUGINS__BOINC__BACKFILL__SHARE": "0.25"}
    settings = load(file, environ=environment)
    plugin = PluginManager().load().make(Backfill, "boinc", settings.plugin("boinc"), HERE)
    assert plugin.terms is not None
    assert plugin.terms.share == 0.25
    offered = plugin.work()
    assert offered is not None
    assert offered.secrets == {"account_key": KEY}
    assert zapp.read(offered.document).services[0].resources.memory.min == 2 << 30


@pytest.mark.parametrize(("minute", "is_open"), [(19 * 60 + 59, False), (20 * 60, True), (0, True), (7 * 60, False)])
def test_hours_may_go_over_midnight(minute: int, is_open: bool) -> None:
    terms = made().terms
    assert terms is not None
    assert terms.open_at(minute) is is_open


def test_the_same_work_is_offered_for_every_slot_and_is_a_valid_zapp() -> None:
    plugin = made(cores=2)
    first, again = plugin.work(), plugin.work()
    assert first is again
    assert first is not None
    (service,) = zapp.read(first.document).services
    assert (service.resources.cores.min, first.zapp_type) == (2, "boinc")
    assert ("ZOE_BOINC_PATIENCE", "60") in service.environment


def test_its_key_is_in_no_document_no_parameters_and_no_representation() -> None:
    plugin, offered = made(), work()
    assert offered.secrets == {"account_key": KEY}
    assert KEY not in json.dumps([offered.document, offered.parameters])
    assert KEY not in repr(offered) + repr(plugin.terms)


def test_its_tasks_are_kept_when_they_have_to_make_room() -> None:
    (service,) = zapp.read(work().document).services
    assert ("ZOE_BOINC_KEEP", KEPT) in service.environment
    assert ("ZOE_BOINC_KEEP_IF", "asked") in service.environment


def test_a_task_of_a_user_is_kept_only_if_it_is_opportunistic() -> None:
    kind = BoincType(BoincType.Settings(), HERE)
    given = BoincParameters.model_validate({"project_url": "https://example.org/", "account_key": KEY})
    assert "ZOE_BOINC_KEEP" not in str(kind.zapp(given))
    assert "ZOE_BOINC_KEEP" in str(kind.zapp(kind.when_opportunistic(given)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("project", "example.org/science"),
        ("project", "ftp://example.org/"),
        ("key", ""),
        ("key", 'a "quoted" key'),
        ("key", "with spaces in it"),
        ("hours", "8-17"),
        ("hours", "24:00-07:00"),
        ("share", 0),
        ("share", 1.5),
        ("idle_minutes", -1),
        ("idle_minutes", float("nan")),
        ("shares", 0.5),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place_and_without_the_key(key: str, value: object) -> None:
    with pytest.raises(ConfigInvalidError) as caught:
        made(**{key: value})
    told = str(caught.value)
    assert f"plugins.boinc.backfill.{key}" in told
    assert KEY not in told
    assert "quoted" not in told


def test_a_project_without_a_key_is_refused() -> None:
    plugins = PluginManager().load()
    with pytest.raises(ConfigInvalidError, match=r"plugins\.boinc\.backfill\.key"):
        plugins.make(Backfill, "boinc", {"backfill": {"project": GIVEN["project"]}}, HERE)
