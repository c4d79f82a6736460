"""Debian's Chromium, driven by Playwright: pages that complain, pictures, and what axe finds."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, sync_playwright

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
SCREENSHOTS = Path(os.environ.get("ZOE_SCREENSHOTS", "build/screenshots"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000  # milliseconds; a machine that builds images beside us is slow


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser, and end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Person:
    """Somebody at a browser of their own; `complaints` is what its console said that should not be there."""

    context: BrowserContext
    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, browser: Browser, base: str, **options: Any) -> "Person":
        """Open a browser window."""
        context = browser.new_context(viewport={"width": 1200, "height": 850}, **options)
        context.set_default_timeout(PATIENCE)
        made = cls(context, context.new_page(), base)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("console", made._listen)
        made.page.on("dialog", made._refuse)
        return made

    def _listen(self, said: ConsoleMessage) -> None:
        if "Policy" in said.text:
            self.complaints.append(said.text)

    def _refuse(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":  # JupyterLab asks about what is not saved
            dialog.accept()
            return
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def go(self, path: str) -> int:
        """Open a page of Zoe; return its code."""
        answer = self.page.goto(self.base + path)
        return answer.status if answer else 0

    def sign_in(self, username: str, password: str) -> None:
        """Sign in."""
        self.go("/signin")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/shop")

    def shot(self, name: str) -> Path:
        """Take a picture of the page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def findings(self) -> list[str]:
        """Return what axe has to say about the page, beyond the negligible."""
        return [
            f"{found['impact']} {found['id']}: {[node['html'][:160] for node in found['nodes'][:3]]}"
            for found in Axe().run(self.page).response["violations"]
            if found["impact"] in {"serious", "critical", "moderate"}
        ]
