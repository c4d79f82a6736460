"""No secret that anybody could know beforehand."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import Zoe
from tests.acceptance.faults.kit import client

SHOWN = re.compile(r"Sign in elsewhere as admin with the password (\S+) ")


def _sign_in(zoe: Zoe, password: str) -> httpx.Response:
    return httpx.get(f"{client(zoe).base_url}login", auth=("admin", password))


@pytest.mark.parametrize("password", ["", "admin", "zoe", "password", "changeme"])
def test_no_usual_password_opens_the_admins_account(shared: Zoe, password: str) -> None:
    assert _sign_in(shared, password).status_code in {401, 429}


@pytest.mark.slow  # starts Zoe twice
def test_the_password_is_made_up_and_shown_once(make_zoe: Callable[..., Zoe], data_dir: Path, shared: Zoe) -> None:
    zoe = make_zoe(data_dir)
    (password,) = SHOWN.findall(zoe.log.read_text())
    assert [password] != SHOWN.findall(shared.log.read_text())
    cookie = _sign_in(zoe, password).headers["Set-Cookie"]
    # A cookie of one Zoe is worth nothing at another, and keeps its worth over a restart.
    assert httpx.get(f"{client(shared).base_url}execution", headers={"Cookie": cookie}).status_code == 401
    zoe.end(signal.SIGTERM)
    zoe.start()
    assert httpx.get(f"{client(zoe).base_url}execution", headers={"Cookie": cookie}).status_code == 200
    assert SHOWN.findall(zoe.log.read_text()) == [password]


def test_a_chosen_password_is_taken_and_never_printed(make_zoe: Callable[..., Zoe], data_dir: Path) -> None:
    zoe = make_zoe(data_dir, {"ZOE_ADMIN_PASSWORD": "open:sesame-4711"})
    assert _sign_in(zoe, "open:sesame-4711").status_code == 200
    assert "sesame" not in zoe.log.read_text()
