"""Somebody with a browser, as far as a server can tell."""

import re
from typing import Any
from urllib.parse import urlencode

from falcon.testing import Result, TestClient

from zoe.web import create_site

PASSWORD = "open:sesame"


class Visitor:
    """Somebody with a browser: keeps the cookie."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.client = TestClient(create_site(world.collaborators))
        self.cookie = ""

    def get(self, path: str, **headers: str) -> Result:
        return self.client.simulate_get(path, headers={"Cookie": self.cookie, **headers})

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Result:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie}
        return self.client.simulate_post(path, body=urlencode(form or {}), headers={**kind, **headers})

    def sign_in(self, username: str = "admin", onwards: str = "/shop", password: str = PASSWORD) -> Result:
        answer = self.post("/signin", {"username": username, "password": password, "next": onwards})
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer


def where(answer: Result) -> str:
    assert answer.status_code == 303, (answer.status, answer.text[:2000])
    return str(answer.headers["location"])


def number_of(path: str) -> int:
    found = re.fullmatch(r"/executions/(\d+)/opening", path)
    assert found, path
    return int(found[1])
