"""The logs of a Swarm's services, line by line."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from docker.errors import NotFound

from backend_docker.client import Frames
from backend_docker.known import ENDED
from backend_docker.logs import OVERHEAD, cut_mark, follow_lines, lines
from backend_swarm.board import Board
from backend_swarm.following import SwarmLog
from backend_swarm.lookout import Lookout
from backend_swarm.managers import Managers, in_words
from backend_swarm.nodes import Nodes
from backend_swarm.tasks import service_of
from zoe.plugin import Handle, ServiceState


class Logs:
    """Reads logs by way of whichever manager answers; `most`: bytes that a node keeps of one."""

    def __init__(self, managers: Managers, nodes: Nodes, board: Board, lookout: Lookout, most: int) -> None:
        self._managers = managers
        self._nodes = nodes
        self._board = board
        self._lookout = lookout
        self._most = most

    def read(self, handle: Handle, *, follow: bool) -> Iterator[bytes]:
        """Yield whole lines; a mark at the end says that the log may have been cut."""
        log = SwarmLog(
            lambda on, since: self._frames(handle, since, follow=on),
            (lambda: self._has_ended(handle)) if follow else lambda: True,
            is_lost=lambda: self._is_lost(handle),
        )
        return self._marked(self._followed(handle, log) if follow else lines(log))

    def _followed(self, handle: Handle, log: SwarmLog) -> Iterator[bytes]:
        self._lookout.known(handle)
        with self._board.calling(handle, log.ended):
            yield from follow_lines(log)

    def _frames(self, handle: Handle, since: int, *, follow: bool) -> Frames | None:
        service = service_of(handle)
        with in_words(), suppress(NotFound):
            return self._managers.ask(lambda client: client.service_log_frames(service, follow=follow, since=since))
        return None

    def _has_ended(self, handle: Handle) -> bool:
        last = self._board.last(handle)
        return last is None or last.state in ENDED

    def _is_lost(self, handle: Handle) -> bool:
        last = self._board.last(handle)
        return last is not None and last.state == ServiceState.DESTROYED and not self._nodes.is_ready(last.node)

    def _marked(self, found: Iterable[bytes]) -> Iterator[bytes]:
        read = 0
        for line in found:
            read += len(line) + OVERHEAD if line else 0
            yield line
        mark = cut_mark(read, self._most)
        if mark is not None:
            yield mark
