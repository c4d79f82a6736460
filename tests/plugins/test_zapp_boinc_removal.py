"""What was kept of a task is removed with the account key, in a directory that belongs to somebody else."""

from pathlib import Path

import pytest

from zapp_boinc.boinc_type import BoincType
from zapp_boinc.settings import BoincSettings
from zoe.plugin import Deployment

BOINC = BoincType(BoincSettings(), Deployment("test", "1", Path("/nonexistent")))


def keep(workspace: Path, execution: int) -> Path:
    """Leave what a client leaves."""
    client = workspace / ".boinc" / str(execution) / "host-1"
    (client / "slots/0").mkdir(parents=True)
    (client / "account_project.xml").write_text("<authenticator>secret</authenticator>")
    return client


def test_what_one_execution_kept_is_removed_and_that_of_another_stays(tmp_path: Path) -> None:
    gone, stays = keep(tmp_path, 7), keep(tmp_path, 70)
    BOINC.clear_away(7, tmp_path)
    assert not gone.parent.exists()
    assert (stays / "account_project.xml").exists()
    BOINC.clear_away(70, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_was_kept_there_is_nothing_to_do(tmp_path: Path) -> None:
    BOINC.clear_away(7, tmp_path / "nobody")
    BOINC.clear_away(7, tmp_path)
    (tmp_path / ".boinc").mkdir()
    BOINC.clear_away(7, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("link", [".boinc", ".boinc/7", ".boinc/7/host-1"])
def test_a_link_in_a_workspace_leads_nowhere(tmp_path: Path, link: str) -> None:
    elsewhere = keep(tmp_path / "elsewhere", 7)
    targets = {".boinc": elsewhere.parents[1], ".boinc/7": elsewhere.parent, ".boinc/7/host-1": elsewhere}
    place = tmp_path / "workspace" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(targets[link], target_is_directory=True)
    BOINC.clear_away(7, tmp_path / "workspace")
    assert (elsewhere / "account_project.xml").exists()
    assert place.is_symlink() == (link != ".boinc/7/host-1")


def test_a_file_in_its_place_is_the_owners(tmp_path: Path) -> None:
    (tmp_path / ".boinc").mkdir()
    (tmp_path / ".boinc/7").write_text("mine")
    BOINC.clear_away(7, tmp_path)
    assert (tmp_path / ".boinc/7").read_text() == "mine"
