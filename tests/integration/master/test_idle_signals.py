"""The table of docs/idle.md: what counts as use and what does not; the name of each test is its row."""

import http.server
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from tests.integration.master.idle_world import LAB, MINUTE, IdleStage, Lab, Metered
from zoe.master.idle_terms import IdleTerms
from zoe.plugin import Address, IdleTimes, RunningService

if TYPE_CHECKING:
    from tests.integration.master.conftest import Staged

TERMS = IdleTerms(IdleTimes(10, 20), look_seconds=300)
LONG = 90 * MINUTE


@pytest.fixture
def lab(staged: "Staged") -> IdleStage:
    return IdleStage(staged(Metered), TERMS)


@pytest.fixture
def page() -> Iterator[tuple[int, list[str]]]:
    """A web interface that tells how many jobs run: its port, and what it says."""
    says = ["0"]

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(says[0].encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, says
        server.shutdown()
        thread.join()


class AsksTheWorkers(Lab):
    """Knows what runs on the workers, as their pages tell."""

    def busy(self, services: Sequence[RunningService]) -> str | None:
        jobs = sum(int(service.fetch(8081, "/jobs")) for service in services if service.group == "the-worker")
        return f"{jobs} jobs" if jobs else None


def goes_on(lab: IdleStage, execution: int) -> bool:
    lab.pass_time(LONG)
    return lab.stage.status(execution) == "running" and lab.workers(execution) == 2 and not lab.told(execution)


def ends(lab: IdleStage, execution: int) -> bool:
    lab.pass_time(30 * MINUTE)
    return lab.stage.status(execution) == "terminated"


@pytest.mark.parametrize("work", ["a kernel of the-notebook0", "a streaming query"])
def test_busy_kernel_without_browser_and_streaming_go_on(lab: IdleStage, work: str) -> None:
    execution = lab.start()
    lab.lab.says = work
    assert goes_on(lab, execution)
    assert lab.usage_calls == []
    lab.lab.says = None
    assert ends(lab, execution)


@pytest.mark.parametrize("service", ["the-notebook0", "the-worker2"])
def test_silent_use_of_processors_in_any_service_goes_on(lab: IdleStage, service: str) -> None:
    execution = lab.start()
    for _ in range(18):
        lab.backend.seconds[service] = lab.backend.seconds.get(service, 0.0) + 0.08 * 300
        lab.pass_time(300)
    assert (lab.stage.status(execution), lab.workers(execution)) == ("running", 2)
    assert ends(lab, execution)


def test_open_untouched_tab_which_leaves_no_notes_ends(lab: IdleStage) -> None:
    execution = lab.start()
    lab.note(execution)
    lab.backend.seconds["the-notebook0"] = 1.0  # what answering an open page costs
    assert ends(lab, execution)


def test_spark_job_on_workers_only_goes_on(
    lab: IdleStage, page: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, says = page
    monkeypatch.setattr(lab.backend, "address", lambda _handle, _port: Address("127.0.0.1", port))
    lab.lab = AsksTheWorkers()
    lab.watch()
    execution = lab.start()
    says[0] = "1"
    assert goes_on(lab, execution)
    says[0] = "0"
    assert ends(lab, execution)


def test_ssh_only_through_an_attached_proxy_goes_on_and_ends_once_it_is_gone(lab: IdleStage) -> None:
    execution = lab.start()
    for _ in range(12):
        lab.pass_time(4 * MINUTE)
        lab.note(execution, "proxy")
    assert (lab.stage.status(execution), lab.workers(execution), lab.told(execution)) == ("running", 2, [])
    assert ends(lab, execution)


def test_a_zapp_type_that_cannot_tell_counts_as_busy(lab: IdleStage) -> None:
    execution = lab.start()
    lab.lab.says = ConnectionRefusedError("the notebook does not answer")
    assert goes_on(lab, execution)


def test_a_zapp_type_that_does_not_come_back_counts_as_busy(lab: IdleStage) -> None:
    answered = threading.Event()

    class Hangs(Lab):
        def busy(self, services: Sequence[RunningService]) -> str | None:
            answered.wait(20)
            return None

    lab.lab = Hangs()
    lab.watch()
    lab.watcher.prober.patience = 0.05
    execution = lab.start()
    try:
        assert goes_on(lab, execution)
    finally:
        answered.set()


def test_a_backend_that_fails_to_measure_counts_as_busy(lab: IdleStage) -> None:
    execution = lab.start()
    lab.backend.broken = True
    assert goes_on(lab, execution)
    lab.backend.broken = False
    assert ends(lab, execution)


def test_where_nobody_can_measure_the_word_of_the_zapp_type_is_enough_and_else_it_goes_on(lab: IdleStage) -> None:
    typed, plain = lab.start(), lab.start(zapp_type=None)
    lab.backend.blind = True
    assert goes_on(lab, plain)
    assert lab.stage.status(typed) == "terminated"


def test_gpus_whose_use_nobody_can_tell_count_as_used_and_idle_ones_do_not(lab: IdleStage) -> None:
    services = [dict(one) for one in LAB["services"]]
    services[0]["resources"] = services[0]["resources"] | {"gpus": 1}
    lab.backend.machines = [lab.backend.gpu_machine()]
    lab.stage.settle(61)
    execution = lab.start(zapp_type=None, services=services)
    assert goes_on(lab, execution)
    lab.backend.gpus_used = 0.5
    assert goes_on(lab, execution)
    lab.backend.gpus_used = 0.0
    assert ends(lab, execution)
