"""One `zoe serve` with a gateway and a shop, and people with browsers."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.acceptance.conftest import Zoe, open_directory, zoe_maker
from tests.browser.chromium import PROGRAM, SCREENSHOTS, Person, chromium
from tests.browser.shop import make_shop

PASSWORD = "sesame, open"


@dataclass
class Site:
    """A running Zoe as browsers see it."""

    zoe: Zoe

    @property
    def base(self) -> str:
        """The address of its pages."""
        assert self.zoe.client is not None
        return f"http://localhost:{self.zoe.client.base_url.port}"

    def post(self, path: str, document: dict[str, Any]) -> Any:
        """POST to the API, as the administrator."""
        assert self.zoe.client is not None
        return self.zoe.client.post(path, json=document).raise_for_status().json()

    def add_user(self, username: str) -> None:
        """Make a user of the role `user`, who may not use the API."""
        role = next(id_ for id_, row in self.zoe.get("/role").items() if row["name"] == "user")
        quota = next(id_ for id_, row in self.zoe.get("/quota").items() if row["name"] == "default")
        document = {"username": username, "email": "", "role_id": int(role), "quota_id": int(quota)}
        self.post("/user", document | {"auth_source": "internal", "fs_uid": -1, "password": PASSWORD})

    def submit(self, application: dict[str, Any], name: str) -> int:
        """Submit a ZApp as the administrator."""
        return int(self.post("/execution", {"application": application, "name": name})["execution_id"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the pictures are."""
    if SCREENSHOTS.exists() and "PYTEST_XDIST_WORKER" not in os.environ:
        terminalreporter.write_line(f"Pictures of the pages: {SCREENSHOTS.resolve()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser."""
    if PROGRAM is None:
        pytest.skip("there is no browser: apt-get install --no-install-recommends chromium")
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(browser: Browser) -> Iterator[Site]:
    """A Zoe with a gateway and a shop; `eve` and `bob` are users without any permission."""
    with open_directory() as directory, zoe_maker() as make:
        settings = {"ZOE_ADMIN_PASSWORD": PASSWORD, "ZOE_ZAPPS__SHOP_DIR": str(make_shop(directory / "shop"))}
        made = Site(make(directory / "zoe", settings | {"ZOE_GATEWAY__PORT": "0"}))
        made.zoe.lift_quota()
        for username in ("eve", "bob"):
            made.add_user(username)
        yield made


@pytest.fixture
def person(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """Sits somebody down at a browser, signed in; in the end no console may have complained."""
    made: list[Person] = []

    def sit(username: str | None = "admin", **options: Any) -> Person:
        made.append(Person.at(browser, site.base, **options))
        if username:
            made[-1].sign_in(username, PASSWORD)
        return made[-1]

    yield sit
    for one in made:
        one.context.close()
    assert not [complaint for one in made for complaint in one.complaints]
