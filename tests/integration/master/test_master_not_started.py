"""A service that was to start and never did is given back like any other."""

from typing import TYPE_CHECKING

from tests.integration.master.zapps import app, entry
from zoe.errors import BackendUnavailableError
from zoe.plugin import NodeReport, Resources, ServiceReport, ServiceSpec
from zoe.testing.instant_backend import InstantBackend

if TYPE_CHECKING:
    from tests.integration.master.conftest import Staged


class Forgetful(InstantBackend):
    """Does not answer when it is to start a worker."""

    name = "forgetful"

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        if service.group == "the-worker":
            raise BackendUnavailableError
        return super().start(service, node)


def test_an_elastic_service_that_waits_for_its_next_start_makes_room_for_a_core(staged: "Staged") -> None:
    stage = staged(Forgetful)
    stage.backend.machines = [NodeReport("node1", Resources(1.0, 1 << 40))]
    stage.settle(61)
    first = stage.submit(app(entry("main-part", monitor=True), entry("the-worker", essential_count=0)))
    stage.settle()
    assert stage.services(first)["the-worker0"].status == "starting"
    second = stage.submit(app(entry("main-part", monitor=True)))
    stage.settle()
    stage.settle(5)
    assert stage.status(second) == "running"
    stage.wish_stop(first)
    stage.settle()
    assert stage.status(first) == "terminated"
