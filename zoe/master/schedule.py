"""The master's scheduling pass: the board as a snapshot, the plan as steps."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zoe.master.entries import ExecutionEntry, ServiceEntry
from zoe.master.ledger import Ledger
from zoe.master.usage import UsageBook
from zoe.master.watchdog import Watchdog
from zoe.plugin import Backend, NodeReport
from zoe.scheduling.guard import TakesTooLongError, name_of
from zoe.scheduling.model import Node, Placement, Plan, Policy, Quota, Snapshot, Start, Stop, Wait
from zoe.scheduling.planner import Planner
from zoe.scheduling.simple import FirstComeFirstServed
from zoe.state.lifecycle import ServiceStatus, Status

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Scheduler:
    """Runs the planner over the board.

    `quotas`: by owner, as they stand; who is not in it has no limit. `usage`: kept
    if the policy asks for it. `pass_seconds`: how long a policy or placement may take before it is interrupted.
    """

    policy: Policy
    placement: Placement
    backend: Backend
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    usage: UsageBook | None = None
    pass_seconds: float = 10.0
    _watchdog: Watchdog = field(init=False)
    _planner: Planner = field(init=False)
    _reports: Sequence[NodeReport] = ()
    _nodes: Sequence[Node] = ()
    _complaints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._watchdog = Watchdog(self.pass_seconds)
        self.begin_again()

    @property
    def nodes(self) -> Sequence[Node]:
        """The nodes, as the last pass saw them."""
        return self._nodes

    def begin_again(self) -> None:
        """Forget the last pass: after one that failed half-way, what the planner remembers is not to be trusted."""
        self._planner = Planner(self.policy, self.placement)

    def run(
        self, board: Mapping[int, ExecutionEntry], nodes: Sequence[NodeReport], ledger: Ledger
    ) -> Mapping[int, Wait]:
        """Decide what starts now and what is taken back; return why the others wait."""
        if nodes is not self._reports:
            self._reports, self._nodes = nodes, [_node(node) for node in nodes]
        applications = [execution.seen for execution in board.values() if execution.seen is not None]
        used = self.usage.at(ledger.now, self._nodes) if self.usage else {}
        decided = self._decide(Snapshot(ledger.now, self._nodes, applications, self.quotas, used))
        self._complain(tuple(decided.complaints))
        for stop in decided.stops:
            _take_back(board[stop.application], stop, ledger)
        for start in decided.starts:
            self._start(board[start.application], start, ledger)
        return decided.waits

    def _decide(self, snapshot: Snapshot) -> Plan:
        try:
            with self._watchdog.watching():
                return self._planner.plan(snapshot)
        except TakesTooLongError:
            # It struck between two calls of plugins, so nobody knows what the pass had done already.
            self.begin_again()
            simple = FirstComeFirstServed()
            decided = Planner(simple, simple).plan(snapshot)
            decided.complaints.append(
                f"a pass with policy {name_of(self.policy)} and placement {name_of(self.placement)} took longer than "
                f"{self.pass_seconds:g} s; first come, first served takes over for this pass"
            )
            return decided

    def execution_ended(self) -> None:
        """Remember that what an execution held is to be counted (its row is written)."""
        if self.usage is not None:
            self.usage.some_ended = True

    def _complain(self, complaints: tuple[str, ...]) -> None:
        # Once, not at every pass: a plugin that fails does so each time.
        for complaint in complaints if complaints != self._complaints else ():
            log.error("%s", complaint)
        self._complaints = complaints

    def _start(self, execution: ExecutionEntry, start: Start, ledger: Ledger) -> None:
        if execution.status == Status.QUEUED:
            ledger.step(execution, Status.STARTING)
        service = _service(execution, start.part)
        service.node, service.status, service.since = start.node, ServiceStatus.STARTING, ledger.now
        service.dns_name = self.backend.dns_name(service.who)
        service.not_before = 0.0
        service.exit_code = service.error_message = None
        ledger.write_down(execution, service)


def _take_back(execution: ExecutionEntry, stop: Stop, ledger: Ledger) -> None:
    if stop.requeue:
        if execution.status in {Status.STARTING, Status.RUNNING}:
            ledger.step(execution, Status.CLEANING_UP, stop.reason, outcome=Status.QUEUED)
        return
    service = _service(execution, stop.part)
    service.status = ServiceStatus.TERMINATING
    ledger.write_down(execution, service, f"is given back: {stop.reason}")


def _service(execution: ExecutionEntry, part: int) -> ServiceEntry:
    return next(service for service in execution.services if service.row.id == part)


def _node(report: NodeReport) -> Node:
    return Node(report.name, report.total, report.labels, report.online and not report.disabled, report.images)
