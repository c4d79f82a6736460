"""Changes and logs as they happen: who hears them, and what is heard again after an interruption."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from tests.integration.gateway.conftest import PATIENCE, House, until

WEB = "http://localhost:5001"


@dataclass
class Event:
    kind: str
    number: str
    text: str


@contextmanager
def follow(house: House, path: str, who: str = "ada", last: str = "", **headers: str) -> Iterator[Iterator[Event]]:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=PATIENCE)
    sent = {"Host": f"localhost:{house.port}", "Authorization": f"Bearer {house.tokens[who]}", **headers}
    if last:
        sent["Last-Event-ID"] = last
    connection.request("GET", path, headers=sent)
    answer = connection.getresponse()
    assert answer.status == 200, answer.status

    def events() -> Iterator[Event]:
        fields: dict[str, list[str]] = {}
        for line in answer:
            name, _, text = line.decode().rstrip("\n").partition(": ")
            if name:
                fields.setdefault(name, []).append(text)
            elif "event" in fields:
                yield Event(fields["event"][0], fields["id"][0], "\n".join(fields["data"]))
                fields = {}
            else:
                fields = {}

    try:
        yield events()
    finally:
        answer.close()
        connection.close()


def test_a_stream_ends_when_the_account_of_its_follower_is_closed(house: House) -> None:
    house.add_user("eve", "admin")
    number = house.add(1, status="created")
    with follow(house, "/_zoe/events", "eve") as events:
        assert json.loads(next(events).text)["id"] <= number
        house.rows("UPDATE account SET enabled = false WHERE id = %s", house.users["eve"])
        until(lambda: next(events, None) is None, "the end of the stream")
    house.rows("UPDATE account SET enabled = true WHERE id = %s", house.users["eve"])


def test_who_follows_hears_what_there_is_and_then_what_changes(house: House) -> None:
    number = house.add(1, status="created")
    with follow(house, "/_zoe/events") as events:
        first = json.loads(next(events).text)
        assert (first["id"], first["status"], first["states"][0]["status"]) == (number, "starting", "created")
        assert "description" not in first
        house.set_status(number, "active")
        until(lambda: json.loads(next(events).text)["states"][0]["status"] == "active", "the change")
        house.end(number)
        until(lambda: json.loads(next(events).text)["status"] == "terminated", "the end")
        house.rows("DELETE FROM execution WHERE id = %s", number)
        until(lambda: next(events).kind == "forgotten", "the removal")


def test_one_hears_of_one_s_own_executions_and_operators_of_all(house: House) -> None:
    with follow(house, "/_zoe/events") as ada, follow(house, "/_zoe/events", "boss") as boss:
        foreign, own = house.add(1, owner="bob"), house.add(1, owner="ada")
        house.rows("UPDATE execution SET status = 'running' WHERE id = %s", foreign)
        house.rows("UPDATE execution SET status = 'running' WHERE id = %s", own)
        assert json.loads(next(ada).text)["id"] == own
        assert {json.loads(next(boss).text)["id"] for _ in range(2)} <= {foreign, own}
    assert house.ask(f"/_zoe/events/{foreign}").status == 404
    assert house.ask("/_zoe/events/999999").status == 404


def test_what_changed_during_an_interruption_is_told_afterwards(house: House) -> None:
    still, changed = house.add(1), house.add(1)
    with follow(house, "/_zoe/events") as events:
        known = {json.loads(next(events).text)["id"] for _ in range(2)}
        house.rows('UPDATE execution SET progress = \'{"text": "half"}\' WHERE id = %s', changed)
        until(lambda: json.loads(next(events).text)["progress"], "the change")
        assert known == {still, changed}
        house.rows('UPDATE execution SET progress = \'{"text": "more"}\' WHERE id = %s', changed)
        last = next(events)
    house.end(changed)
    with follow(house, "/_zoe/events", last=last.number) as events:
        told = json.loads(next(events).text)
        assert (told["id"], told["status"]) == (changed, "terminated")


def test_after_a_restart_of_the_gateway_nothing_is_missed(house: House) -> None:
    number, gone = house.add(1), house.add(1)
    house.rows("UPDATE execution SET status = 'terminated', time_end = extract(epoch from now()) WHERE id = %s", gone)
    with follow(house, "/_zoe/events", last="abc.7.1700000000000") as events:
        assert {json.loads(next(events).text)["id"] for _ in range(2)} == {number, gone}


def test_streams_open_to_zoe_s_own_pages_and_to_no_page_of_a_service(house: House) -> None:
    cookie = house.session("ada")
    for path in ("/_zoe/events", "/_zoe/logs/1"):
        assert house.ask(path, who=None).status == 401
        for origin in ({}, {"Origin": f"http://localhost:{house.port}"}, {"Origin": "http://evil.example:5001"}):
            assert house.ask(path, who=None, headers={"Cookie": cookie, **origin}).status == 403
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=PATIENCE)
    connection.request("GET", "/_zoe/events", headers={"Host": "localhost:1", "Cookie": cookie, "Origin": WEB})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == WEB
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    answer.close()
    connection.close()


def service_of(house: House, execution: int) -> int:
    return int(house.rows("SELECT id FROM service WHERE execution_id = %s", execution)[0][0])


def test_a_log_is_told_from_its_start_then_as_it_grows_then_it_ends(house: House) -> None:
    service = service_of(house, house.add(1))
    house.logs.write(service, "one", "two")
    with follow(house, f"/_zoe/logs/{service}") as events:
        assert read(events, 2) == ["one", "two"]
        house.logs.write(service, "three")
        assert next(events).text == "three"
        house.logs.end(service)
        last = next(events)
        assert (last.kind, last.number) == ("end", "3.end")
    with follow(house, f"/_zoe/logs/{service}", last="1") as events:
        assert read(events, 2) == ["two", "three"]
    answer = house.ask(f"/_zoe/logs/{service}", headers={"Last-Event-ID": "3.end"})
    assert answer.status == 204


def test_many_who_follow_one_log_are_served_by_one_reader(house: House) -> None:
    service = service_of(house, house.add(1))
    house.logs.write(service, *(f"line {number}" for number in range(5000)))
    with follow(house, f"/_zoe/logs/{service}") as first:
        read(first, 5000)
        with (
            follow(house, f"/_zoe/logs/{service}") as late,
            follow(house, f"/_zoe/logs/{service}", last="4990") as back,
        ):
            assert read(late, 5000) == [f"line {number}" for number in range(5000)]
            assert read(back, 10)[0] == "line 4990"
            house.logs.write(service, "new")
            assert [read(one, 1) for one in (first, late, back)] == [["new"]] * 3
    assert house.logs.followed == 1


def read(events: Iterator[Event], count: int) -> list[str]:
    got: list[str] = []
    while len(got) < count:
        got += next(events).text.split("\n")
    return got


@pytest.mark.parametrize("path", ["/_zoe/logs/", "/_zoe/logs/x", "/_zoe/logs/99999999999999999999", "/_zoe/logs/-1"])
def test_a_log_that_is_not_there_is_not_found(house: House, path: str) -> None:
    assert house.ask(path).status == 404


def test_somebody_else_s_log_is_not_found(house: House) -> None:
    service = service_of(house, house.add(1, owner="bob"))
    assert house.ask(f"/_zoe/logs/{service}").status == 404


def test_only_zoe_s_own_pages_read_the_sign_of_life(house: House) -> None:
    for origin, read in ((WEB, WEB), ("http://evil.example", None)):
        answer = house.ask("/_zoe/alive", None, headers={"Origin": origin})
        assert (answer.status, answer.headers.get("Access-Control-Allow-Origin")) == (200, read)


def test_while_changes_are_not_heard_of_there_is_no_sign_of_life(house: House) -> None:
    url, name = house.database.url, parse_dsn(house.database.url)["dbname"]

    def alive(status: int) -> bool:
        return house.ask("/_zoe/alive", None).status == status

    with closing(psycopg2.connect(make_dsn(url, dbname="postgres"))) as elsewhere:
        elsewhere.autocommit = True
        sql = elsewhere.cursor()
        sql.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            sql.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
            until(lambda: alive(503), "the silence")
        finally:
            sql.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    until(lambda: alive(200), "the sign of life")
