"""The folders of the shop: what they offer, to whom, and what becomes of their parameters."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.web.visitor import Visitor, number_of, where
from zoe.config import Settings, ZAppsSettings


@pytest.fixture
def shop(tmp_path: Path, make_zapp: Callable[..., dict[str, Any]]) -> Path:
    folder = tmp_path / "shop" / "sleepers"
    folder.mkdir(parents=True)
    (folder / "sleep.json").write_text(json.dumps(make_zapp()))
    (folder / "about.md").write_text("# Sleep\n\nIt *sleeps* <script>alert(1)</script> [x](javascript:alert(1)).")
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n rest")
    parameters = [
        {"kind": "environment", "name": "DREAM", "readable_name": "Dream", "description": "of", "default": "sheep"},
        {"kind": "command", "name": "sleeper", "default": "sleep 2"},
        {"kind": "service_count", "name": "sleeper", "type": "int", "min": 1, "max": 4, "default": 1},
    ]
    entry: dict[str, Any] = {
        "category": "Rest",
        "name": "Sleeper",
        "description": "sleep.json",
        "readable_descr": "about.md",
    }
    entry |= {"parameters": parameters, "logo": "logo.png"}
    secret = entry | {"name": "Staff only", "enabled_for": ["superuser"]}
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "zapps": [entry, secret]}))
    (tmp_path / "shop" / "broken").mkdir()
    (tmp_path / "shop" / "broken" / "manifest.json").write_text('{"version": 1, "zapps": [{"category": "x"}]}')
    return tmp_path / "shop"


@pytest.fixture
def shopper(world: Any, settings: Settings, shop: Path) -> Visitor:
    changed = settings.model_copy(update={"zapps": ZAppsSettings(shop_dir=shop)})
    made = Visitor(world.with_(settings=changed))
    made.sign_in()
    return made


def test_a_folder_of_the_shop_is_offered_with_its_parameters(shopper: Visitor) -> None:
    assert "Sleeper" in shopper.get("/shop").text
    form = {"asked": "1", "name": "n", "p.0.DREAM": "of wool", "p.1.sleeper": "sleep 3", "p.2.sleeper": "3"}
    number = number_of(where(shopper.post("/shop/zapp/sleepers/0", form)))
    (service,) = shopper.world.get(f"/execution/{number}")["description"]["services"]
    assert service["environment"] == [["DREAM", "of wool"]]
    assert service["command"] == "sleep 3"
    assert (service["total_count"], service["essential_count"]) == (3, 1)


def test_a_folders_bounds_are_kept(shopper: Visitor) -> None:
    answer = shopper.post("/shop/zapp/sleepers/0", {"asked": "1", "p.2.sleeper": "5"})
    assert answer.status_code == 400
    assert "should be at most 4" in answer.text


def test_what_is_not_for_a_role_is_not_in_its_shop(shopper: Visitor) -> None:
    shopper.world.add_user("eve", ())
    eve = Visitor(shopper.world)
    eve.sign_in("eve")
    assert "Staff only" in shopper.get("/shop").text
    assert "Staff only" not in eve.get("/shop").text
    assert eve.get("/shop/zapp/sleepers/1").status_code == 404
    assert eve.post("/shop/zapp/sleepers/1").status_code == 404


def test_a_broken_folder_is_told_to_who_looks_after_the_shop_only(shopper: Visitor) -> None:
    shopper.world.add_user("eve", ())
    eve = Visitor(shopper.world)
    eve.sign_in("eve")
    assert "broken" in shopper.get("/shop").text
    assert "broken" not in eve.get("/shop").text


def test_markdown_of_the_shop_brings_no_script(shopper: Visitor) -> None:
    text = shopper.get("/shop/zapp/sleepers/0").text
    assert "<em>sleeps</em>" in text
    assert "<script>alert" not in text
    assert 'href="javascript:' not in text


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "..", "a/b"])
def test_no_file_name_leads_out_of_a_folder(shopper: Visitor, shop: Path, name: str) -> None:
    path = shop / "sleepers" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["zapps"][0]["description"] = name
    path.write_text(json.dumps(manifest))
    assert shopper.get("/shop/zapp/sleepers/0").status_code == 404


def test_a_logo_is_shown_if_it_is_a_picture(shopper: Visitor, shop: Path) -> None:
    answer = shopper.get("/logo/zapp/sleepers/0")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    (shop / "sleepers" / "logo.png").write_text("<script>alert(1)</script>")
    assert shopper.get("/logo/zapp/sleepers/0").status_code == 404
