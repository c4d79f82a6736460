"""A real JupyterLab whose Zoe is killed, and whose tab is left open: the notebook goes on, and ends untouched."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.acceptance.conftest import Zoe, open_directory, until, zoe_maker
from tests.browser.chromium import Person
from tests.browser.conftest import PASSWORD
from zapp_spark import java

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(java.missing() is not None, reason=java.missing() or ""),
]
PATIENCE = 180_000  # milliseconds
NEVER, SOON = 600, 1
"""Minutes without use until an execution ends. While a person works, nobody has to be quick. Then it is longer than
several of the rounds in which JupyterLab by itself saves its layout, ten seconds each."""


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def zoe(browser: Browser) -> Iterator[Zoe]:
    """A Zoe whose doors stay where they are from one start to the next, and where notebooks end when idle."""
    with open_directory() as directory, zoe_maker() as make:
        settings = {"ZOE_ADMIN_PASSWORD": PASSWORD, "ZOE_GATEWAY__PORT": str(free_port())}
        settings |= {
            "ZOE_IDLE__END_MINUTES": str(NEVER),
            "ZOE_IDLE__ELASTIC_MINUTES": "0",
            "ZOE_IDLE__LOOK_SECONDS": "5",
        }
        yield make(directory / "zoe", settings)


@pytest.fixture
def admin(browser: Browser, zoe: Zoe) -> Iterator[Person]:
    """The administrator at a browser, signed in."""
    assert zoe.client is not None
    sitting = Person.at(browser, f"http://localhost:{zoe.client.base_url.port}")
    sitting.sign_in("admin", PASSWORD)
    yield sitting
    sitting.context.close()


LAYOUT = "/lab/api/workspaces/"


def open_lab(zoe: Zoe, lab: Page) -> int:
    """Start notebooks on the smallest cluster and open a new one; return the execution's number."""
    assert zoe.client is not None
    wanted = {"name": "lab", "zapp_type": "spark-notebook", "parameters": {"workers": 1, "quick_start": True}}
    number = int(zoe.client.post("/execution", json=wanted).raise_for_status().json()["execution_id"])
    zoe.wait_for(number, "running")
    pages = zoe.get(f"/execution/endpoints/{number}")["endpoints"]
    way = next(page or url for name, url, page in pages if "notebook0/notebook" in f"{url}{page}")
    lab.goto(way.replace("127.0.0.1", "localhost"))  # where the administrator is signed in
    lab.wait_for_url(re.compile(r"/notebook0/notebook/lab"), timeout=PATIENCE)
    lab.locator(".jp-LauncherCard[title*='Python']:visible").first.click(timeout=PATIENCE)
    return number


def run(lab: Page, code: str, told: str) -> None:
    """Write a cell below the others, run it, and wait for what it tells."""
    cells = lab.locator(".jp-NotebookPanel:visible .jp-CodeCell .cm-content")
    cells.last.wait_for(timeout=PATIENCE)
    here = cells.count() - 1
    # A dialog that opens just now gets what is typed: whoever sits there looks, and types it again.
    typed(lab, cells.nth(here), code, lambda: code in cells.nth(here).inner_text())
    typed(lab, cells.nth(here), None, lambda: cells.count() == here + 2)
    lab.locator(".jp-NotebookPanel:visible .jp-OutputArea-output", has_text=told).first.wait_for(timeout=PATIENCE)


def typed(lab: Page, cell: Locator, text: str | None, arrived: Callable[[], bool]) -> None:
    """Type a text into a cell, or run it, until that has arrived."""

    def try_it() -> bool:
        cell.click(timeout=PATIENCE)
        if not arrived():
            lab.keyboard.press("Shift+Enter") if text is None else lab.keyboard.insert_text(text)
        lab.wait_for_timeout(200)  # the page needs a moment to show it
        return arrived()

    until(try_it, f"what was typed: {text}")


def test_a_notebook_goes_on_after_zoe_was_killed_and_ends_when_its_tab_is_left_untouched(
    zoe: Zoe, admin: Person
) -> None:
    lab = admin.page
    said = lab.locator(".jp-Dialog button", has_text=re.compile("^(Close|Dismiss)$"))
    # That the server does not answer just now, or that something was not saved. The handler is given the locator.
    lab.add_locator_handler(said, lambda button: button.first.click())
    number = open_lab(zoe, lab)
    run(lab, "x = 41; print('kept', x)", "kept 41")
    assert not lab.get_by_text("official Jupyter news").count(), "nobody is to be asked that in every notebook"
    zoe.kill()
    zoe.start()
    run(lab, "print('went', 'on', x + 1)", "went on 42")

    until(lambda: zoe.get(f"/execution/{number}")["idle"], "the first idle look")
    run(lab, "print('still', 'here')", "still here")
    until(lambda: zoe.get(f"/execution/{number}")["idle"] is None, "the end of the idle time")

    saved: list[str] = []
    lab.on("request", lambda one: saved.append(one.url) if one.method == "PUT" and LAYOUT in one.url else None)
    zoe.kill()
    zoe.environment = {**zoe.environment, "ZOE_IDLE__END_MINUTES": str(SOON)}
    zoe.start()
    zoe.wait_for(number, "terminated")
    lab.wait_for_timeout(100)  # what the browser did meanwhile is told during a call
    assert saved, "the tab was to save its layout by itself meanwhile"
    told = [event["reason"] or "" for event in zoe.get(f"/execution/{number}/events")["events"]]
    assert any(words.startswith("idle since") and "it ends at" in words for words in told), told
