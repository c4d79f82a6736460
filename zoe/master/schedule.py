"""The master's scheduling pass: the board as a snapshot, the plan as steps."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zoe.master.entries import ExecutionEntry, ServiceEntry
from zoe.master.ledger import Ledger
from zoe.plugin import Backend, NodeReport, Placement, Policy
from zoe.scheduling.model import Application, Node, Plan, Snapshot
from zoe.scheduling.plan import plan
from zoe.state.lifecycle import ServiceStatus, Status

log = logging.getLogger(__name__)


class FirstComeFirstServed:
    """What orders executions when the configured policy fails."""

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002 - contract
        """Return them by time of submission."""
        return sorted(applications, key=lambda application: (application.submitted, application.id))


@dataclass(slots=True)
class Scheduler:
    """Runs `plan()` over the board."""

    policy: Policy
    placement: Placement
    backend: Backend

    def run(self, board: Mapping[int, ExecutionEntry], nodes: Sequence[NodeReport], ledger: Ledger) -> dict[int, str]:
        """Decide what starts now; return why each execution waits that waits for a reason of its own."""
        snapshot = Snapshot(ledger.now, [_node(node) for node in nodes], list(_applications(board, ledger.now)))
        decided = self._plan(snapshot)
        starting: dict[int, list[tuple[ServiceEntry, str]]] = {}
        for start in decided.starts:
            execution = board[start.application]
            service = next(service for service in execution.services if service.row.id == start.part)
            starting.setdefault(execution.id, []).append((service, start.node))
        for id_, services in starting.items():
            self._start(board[id_], services, ledger)
        return {id_: wait.reason for id_, wait in decided.waits.items() if wait.behind is None}

    def _plan(self, snapshot: Snapshot) -> Plan:
        try:
            return plan(snapshot, self.policy, self.placement)
        except Exception:
            log.exception("policy %s or placement %s failed; first come first served takes over for this pass",
                          self.policy.name, self.placement.name)  # fmt: skip
            return plan(snapshot, FirstComeFirstServed(), FirstCandidate())

    def _start(self, execution: ExecutionEntry, services: Iterable[tuple[ServiceEntry, str]], ledger: Ledger) -> None:
        if execution.status == Status.QUEUED:
            ledger.step(execution, Status.STARTING)
        for service, node in services:
            service.node, service.status, service.since = node, ServiceStatus.STARTING, ledger.now
            service.dns_name = self.backend.dns_name(service.who)
            service.not_before = 0.0
            service.exit_code = service.error_message = None
            ledger.write_down(execution, service)


class FirstCandidate:
    """What picks a node when the configured placement fails."""

    def choose(self, part: object, candidates: Sequence[Node], free: object) -> Node:  # noqa: ARG002 - the contract's
        """Return the first that has the room."""
        return candidates[0]


def _applications(board: Mapping[int, ExecutionEntry], now: float) -> Iterable[Application]:
    for execution in board.values():
        if execution.status == Status.QUEUED and not _ready(execution, now):
            continue
        yield execution.application(now)


def _ready(execution: ExecutionEntry, now: float) -> bool:
    return execution.stop_reason is None and all(service.not_before <= now for service in execution.services)


def _node(report: NodeReport) -> Node:
    return Node(report.name, report.total, report.labels, report.online and not report.disabled)
