"""Who waits for an execution is woken by its changes, and goes on without the gateway."""

import threading
import time

from tests.integration.gateway.conftest import House, until
from zoe import ear as module
from zoe.ear import Ear


def test_who_waits_long_is_woken_by_a_change(house: House) -> None:
    number = house.add(1)
    headers = {"Authorization": f"Bearer {house.tokens['ada']}"}
    ear = Ear(lambda: f"http://127.0.0.1:{house.port}", headers, number)
    ear._began -= module._WORTH_IT + 1
    ear.wait(0.01, 60)
    until(lambda: ear._hearing, "the stream")
    ear.wait(60, 60)  # the execution as it is is told first
    woken: list[float] = []

    def wait() -> None:
        ear.wait(60, 60)
        woken.append(time.monotonic())

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    house.set_status(number, "terminating")
    waiting.join(5)
    ear.close()
    assert woken


def test_without_a_gateway_one_waits_as_long_as_one_says() -> None:
    ear = Ear(lambda: None, {}, 7)
    ear._began -= module._WORTH_IT + 1
    for _ in range(3):
        ear.wait(0.01, 60)
    assert not ear._hearing
