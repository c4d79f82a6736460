"""What comes from backends: outcomes of calls, reports of deaths, and listings of everything they have."""

from dataclasses import dataclass

from zoe.master import calls as said
from zoe.master.board import Board
from zoe.master.calls import BackendCalls
from zoe.master.entries import ServiceEntry
from zoe.master.ledger import Ledger
from zoe.master.observe import Observer, missing
from zoe.plugin import Handle, NodeReport, ServiceReport, ServiceState, Usage
from zoe.state.active import NodeRow, write_nodes
from zoe.state.database import Database
from zoe.state.lifecycle import ServiceStatus

Answer = said.Started | said.Refused | said.NoRoom | said.NotAnswered | said.Ended


@dataclass(slots=True)
class Hearing:
    """Takes up what was said.

    `listed`: everything that the backend has is known, so that anything may move. `doubtful`: something was said that
    makes one look again soon.
    """

    database: Database
    calls: BackendCalls
    observer: Observer
    board: Board
    nodes: tuple[NodeReport, ...] = ()
    listed: bool = False
    nodes_changed: bool = True
    doubtful: bool = False

    def hear(self, outcome: said.Outcome, ledger: Ledger) -> None:
        """Turn what was said into facts."""
        match outcome:
            case said.Listed():
                self._take_listing(outcome, ledger)
            case said.NotListed():
                self.nodes, self.nodes_changed = (), True
            case ServiceReport():
                self._take_report(outcome, ledger)
            case _:
                self._take_answer(outcome, ledger)

    def _take_answer(self, answer: Answer, ledger: Ledger) -> None:
        found = self.board.services.get(answer.service)
        if found is None:
            return
        match answer:
            case said.Started(report=report):
                self.observer.started(*found, report, ledger)
            case said.Refused(words=words):
                self.observer.refused(*found, words, ledger)
            case said.NoRoom(words=words):
                self.observer.no_room(*found, words, ledger)
            case said.NotAnswered(words=words):
                self.doubtful = True
                self.observer.not_answered(*found, words, ledger)
            case said.Ended():
                self.observer.ended(*found, ledger)

    def _take_report(self, report: ServiceReport, ledger: Ledger) -> None:
        found = self.board.services.get(report.who.id)
        if found is None or report.state == ServiceState.STARTED:
            return
        if report.state == ServiceState.CREATED:
            self.observer.on_its_way(*found, report, ledger)
            return
        self.doubtful = self.doubtful or report.state == ServiceState.DESTROYED
        self.observer.died(*found, report, ledger)

    def _take_listing(self, listing: said.Listed, ledger: Ledger) -> None:
        first, self.listed = not self.listed, True
        self.nodes, self.nodes_changed = tuple(listing.nodes), True
        write_nodes(self.database, [_row(node, listing.used) for node in self.nodes], ledger.now)
        for execution in self.board.executions.values() if first else ():
            ledger.touch(execution)
        for report in listing.reports:
            self._compare(report, ledger, first=first)
        reported = {report.who.id for report in listing.reports}
        for execution, service in missing(self.board.services, reported, listing.asked_at):
            self.observer.died(execution, service, _vanished(service), ledger)

    def _compare(self, report: ServiceReport, ledger: Ledger, *, first: bool) -> None:
        found = self.board.services.get(report.who.id)
        if found is None:
            self.calls.sweep(report)
        elif found[1].status == ServiceStatus.STARTING and first and report.state != ServiceState.CREATED:
            self.observer.started(*found, report, ledger)
        else:
            self._take_report(report, ledger)


def _vanished(service: ServiceEntry) -> ServiceReport:
    handle = service.handle or Handle("")
    reason = "disappeared: its backend no longer knows it"
    return ServiceReport(service.who, handle, ServiceState.DESTROYED, service.node or "", reason=reason)


def _row(node: NodeReport, used: Usage) -> NodeRow:
    total = node.total
    return NodeRow(
        node.name,
        total.cores,
        total.memory,
        total.gpus,
        sorted(node.labels),
        node.online,
        list(node.remarks),
        used.cores,
        used.memory,
    )
