"""Zoe's own client at the streams: it goes on where it was interrupted, and knows when there is nothing to hear."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.gateway.conftest import House, open_house, until
from zoe.client.streams import NoStreamError, Said, Streams, Way


def way(house: House, who: str = "ada") -> Way:
    return Way(f"http://127.0.0.1:{house.port}", {"Authorization": f"Bearer {house.tokens[who]}"})


def service_of(house: House, number: int) -> int:
    return int(house.rows("SELECT id FROM service WHERE execution_id = %s", number)[0][0])


def statuses(heard: Iterator[Said]) -> Iterator[Any]:
    return (json.loads(said.text)["status"] for said in heard)


def test_a_log_that_broke_off_goes_on_after_the_line_heard_last(house: House) -> None:
    number = house.add(1)
    service = service_of(house, number)
    houses = [house]
    house.logs.write(service, "one")
    heard = Streams(lambda: way(houses[-1])).follow(f"logs/{service}", patience=60)
    assert next(heard).text == "one"
    house.gateway.close()
    with open_house(house.database) as again:
        again.logs.write(service, "one", "two")
        again.logs.end(service)
        houses.append(again)
        assert [(said.kind, said.text) for said in (next(heard), next(heard))] == [("lines", "two"), ("end", "")]
        heard.close()  # type: ignore[attr-defined] # it is a generator


def test_changes_during_a_restart_of_the_gateway_are_heard_afterwards(house: House) -> None:
    number = house.add(1)
    houses = [house]
    heard = Streams(lambda: way(houses[-1])).follow("events", patience=60)
    told = statuses(heard)
    assert next(told) == "starting"
    house.gateway.close()
    house.rows("UPDATE execution SET status = 'terminated', time_end = %s WHERE id = %s", time.time(), number)
    with open_house(house.database) as again:
        houses.append(again)
        until(lambda: next(told) == "terminated", "the end")
        heard.close()  # type: ignore[attr-defined]


def test_a_stream_that_does_not_come_back_ends_the_patience(house: House) -> None:
    number = house.add(1)
    ways = [way(house)]
    heard = Streams(lambda: ways[-1]).follow(f"events/{number}", patience=0.5)
    assert next(heard).kind == "execution"
    ways.append(Way("http://127.0.0.1:9", {}))
    house.gateway.close()
    with pytest.raises(NoStreamError):
        list(heard)


def test_foreigners_and_unknown_executions_are_sent_to_the_api_for_the_reason(house: House) -> None:
    number = house.add(1)
    for who, path in (("bob", f"events/{number}"), ("ada", "events/999999"), ("bob", f"logs/{number}")):
        with pytest.raises(NoStreamError):
            next(Streams(lambda who=who: way(house, who)).follow(path, patience=0))  # type: ignore[misc]
