"""The running services of an execution, as its ZApp type sees them."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoe.master.entries import ExecutionEntry
from zoe.plugin import Address, Backend, Handle, RunningService, dial_directly
from zoe.state.lifecycle import ServiceStatus


@dataclass(frozen=True, slots=True)
class Reach:
    """How services are reached: the backend knows where a port is, `connect` opens a connection there in time."""

    backend: Backend
    connect: Callable[[Address, float], socket.socket] = dial_directly

    def services(self, execution: ExecutionEntry) -> Sequence[RunningService]:
        """Return what runs of an execution."""
        return [
            self.service(service.row.name, service.row.group, service.handle)
            for service in execution.services
            if service.status == ServiceStatus.ACTIVE and service.handle is not None
        ]

    def service(self, name: str, group: str, handle: Handle) -> RunningService:
        """Return one service."""
        return RunningService(name, group, _Dial(self.backend, handle), self.connect)


@dataclass(frozen=True, slots=True)
class _Dial:
    backend: Backend
    handle: Handle

    def __call__(self, port: int) -> Address:
        return self.backend.address(self.handle, port)
