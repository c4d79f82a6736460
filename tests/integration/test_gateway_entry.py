"""The way from Zoe's pages to the gateway, and the addresses that the API tells."""

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from zoe.api.application import make_visitors
from zoe.api.gateway_entry import SESSION
from zoe.config import GatewaySettings
from zoe.gateway.links import GatewayLinks

if TYPE_CHECKING:
    from tests.integration.conftest import World

PORTS = [
    {"name": "Lab page", "port_number": 8888, "protocol": "tcp", "url_template": "http://{ip_port}{proxy_path}/lab"},
    {"name": "UI", "port_number": 4040, "protocol": "tcp", "url_template": "http://{ip_port}/x"},
    {"name": "spark", "port_number": 7077, "protocol": "tcp", "url_template": "spark://{ip_port}"},
]


def with_gateway(world: "World", **settings: str) -> "World":
    return world.with_(gateway=GatewayLinks(GatewaySettings(**settings), 5002, 5001))


def submitted(world: "World") -> int:
    number = world.submit()
    world.rows("UPDATE service SET status = 'active', address = '127.1.2.3'")
    world.rows(
        "UPDATE execution SET description = jsonb_set(description, '{services,0,ports}', %s::jsonb)",
        json.dumps(PORTS),
    )
    return number


def test_endpoints_tell_the_address_behind_the_gateway_by_the_host_that_was_asked(world: "World") -> None:
    world = with_gateway(world)
    number = submitted(world)
    host = {"Host": "zoe.example.org:5001"}
    prefix = f"/{number}/sleeper0/Lab%20page"
    assert world.get(f"/execution/endpoints/{number}", headers=host)["endpoints"] == [
        ["Lab page", f"http://127.1.2.3:8888{prefix}/lab", f"http://zoe.example.org:5002{prefix}/lab"],
        ["UI", "http://127.1.2.3:4040/x", f"http://zoe.example.org:5002/{number}/sleeper0/UI/x"],
        ["spark", "spark://127.1.2.3:7077", None],
    ]
    assert world.get("/info", None, headers=host)["gateway"] == "http://zoe.example.org:5002"


def test_with_a_domain_each_execution_has_an_origin_of_its_own(world: "World") -> None:
    world = with_gateway(world, domain="localhost")
    number = submitted(world)
    found = world.get(f"/execution/endpoints/{number}")["endpoints"]
    assert found[1][2] == f"http://{number}.localhost:5002/{number}/sleeper0/UI/x"


def test_who_is_not_signed_in_signs_in_first_and_comes_back(world: "World") -> None:
    world = with_gateway(world)
    answer = world.client.simulate_get("/gateway/enter", params={"to": "/7/a0/UI/?x=1"})
    assert answer.status_code == 302
    where = urlsplit(answer.headers["Location"])
    assert (where.netloc, where.path) == ("", "/signin")
    assert parse_qs(where.query)["next"] == ["/gateway/enter?to=%2F7%2Fa0%2FUI%2F%3Fx%3D1"]


def test_a_ticket_is_worth_a_session_once(world: "World") -> None:
    world = with_gateway(world)
    headers = {"Authorization": f"Bearer {world.tokens['admin']}", "Host": "localhost:5001"}
    answer = world.client.simulate_get("/gateway/enter", params={"to": "/7/a0/UI/"}, headers=headers)
    where = urlsplit(answer.headers["Location"])
    assert (where.netloc, where.path) == ("localhost:5002", "/_zoe/enter")
    ticket = parse_qs(where.query)["ticket"][0]
    visitors = make_visitors(world.collaborators)
    cookie = visitors.enter(ticket, secure=False)
    assert cookie is not None
    assert cookie.startswith(f"{SESSION}=")
    found = visitors.by_cookie(cookie.partition(";")[0])
    assert found is not None
    assert found.username == "admin"
    assert visitors.enter(ticket, secure=False) is None
    assert visitors.enter("forged", secure=False) is None


def test_with_a_domain_the_way_in_leads_to_the_execution_s_own_origin(world: "World") -> None:
    world = with_gateway(world, domain="localhost")
    headers = {"Authorization": f"Bearer {world.tokens['admin']}", "Host": "localhost:5001"}
    answer = world.client.simulate_get("/gateway/enter", params={"to": "/7/a0/UI/"}, headers=headers)
    where = urlsplit(answer.headers["Location"])
    assert (where.netloc, where.path, parse_qs(where.query)["to"]) == ("7.localhost:5002", "/_zoe/enter", ["/7/a0/UI/"])
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_session_ends_with_the_password_it_was_opened_with(world: "World") -> None:
    visitors = make_visitors(world.collaborators)
    account = visitors.by_token(world.tokens["admin"])
    assert account is not None
    cookie = visitors.enter(visitors.ticket(account), secure=True) or ""
    assert cookie.endswith("; Secure")
    world.rows("UPDATE account SET password_hash = 'another'")
    assert visitors.by_cookie(cookie.partition(";")[0]) is None


@pytest.mark.parametrize("to", ["", "//evil.example", "https://evil.example/", "/x", "/7\\x", "/7/\r\nSet-Cookie: a=b"])
def test_the_way_in_leads_to_pages_of_the_gateway_only(world: "World", to: str) -> None:
    world = with_gateway(world)
    assert world.client.simulate_get("/gateway/enter", params={"to": to}).status_code == 400
