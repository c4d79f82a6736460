"""Those who click: each an account of their own, signed in as a browser is, looking until the page is there."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from bench.connection import Connection

_LOOK_AGAIN = 0.25
_PATIENCE = 900.0
_PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Page:
    """What a student waits for: a service's port, a path below it, and a text that only the service itself says.

    `prefixed`: the service knows the gateway's path, and answers below it alone.
    """

    service: str
    port: str
    path: str
    says: str
    prefixed: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What a click led to: the execution, and when it was clicked and the page was there (`None`: it never was)."""

    execution: int
    clicked: float
    there: float | None

    @property
    def seconds(self) -> float:
        """Return how long the page took."""
        return (self.there or float("inf")) - self.clicked


class Student:
    """One person with a browser's cookies."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._browser = httpx.Client(follow_redirects=True, timeout=30.0)
        secret = base64.b64encode(f"{name}:{_PASSWORD}".encode()).decode()
        self._browser.get(f"{url}/api/0.7/login", headers={"Authorization": f"Basic {secret}"}).raise_for_status()

    def click(self, order: Mapping[str, Any], page: Page) -> Opened:
        """Start it and wait until its page is there."""
        clicked = time.time()
        answer = self._browser.post(f"{self._url}/api/0.7/execution", json=order)
        if answer.status_code != 201:
            raise RuntimeError(f"the click was refused: {answer.status_code} {answer.text}")
        execution = int(answer.json()["execution_id"])
        return Opened(execution, clicked, self._until_there(execution, page))

    def close(self) -> None:
        """Go home: nothing is stopped by that."""
        self._browser.close()

    def _until_there(self, execution: int, page: Page) -> float | None:
        path = f"/{execution}/{page.service}/{page.port}/{page.path}"
        address, deadline = f"{self._url}/gateway/enter?{httpx.QueryParams(to=path)}", time.time() + _PATIENCE
        while time.time() < deadline:
            found = self._get(address)
            if found.status_code == 200 and page.says in found.text:
                return time.time()
            if found.url.path.startswith(f"/{execution}/"):
                address = str(found.url)  # signed in at the gateway from here on
            time.sleep(_LOOK_AGAIN)
        return None

    def _get(self, address: str) -> httpx.Response:
        try:
            return self._browser.get(address)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            # As a browser does where a connection that was kept had just been closed.
            return self._browser.get(address)


def enrol(admin: Connection, url: str, number: int) -> list[Student]:
    """Give so many students an account each, and sign them in."""
    role = next(int(id_) for id_, one in admin.get("/role").items() if one["name"] == "superuser")
    quota = next(int(id_) for id_, one in admin.get("/quota").items() if one["name"] == "default")
    names = [f"student{one}" for one in range(number)]
    for name in names:
        account = {"username": name, "email": "", "role_id": role, "quota_id": quota, "auth_source": "internal"}
        admin.ask("POST", "/user", json.dumps({**account, "fs_uid": -1, "password": _PASSWORD}).encode())
    with ThreadPoolExecutor(2) as pool:  # each password costs its hash
        return list(pool.map(lambda name: Student(url, name), names))


def all_click(students: Sequence[Student], order: Mapping[str, Any], page: Page) -> list[Opened]:
    """Let everybody click at once."""
    with ThreadPoolExecutor(len(students)) as pool:
        return list(pool.map(lambda student: student.click(order, page), students))
