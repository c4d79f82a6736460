"""The services of a ZApp, started through a backend by hand: no master, no API."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from zoe import zapp
from zoe.plugin import (
    Address,
    Backend,
    Limits,
    PortSpec,
    Resources,
    RunningService,
    ServiceId,
    ServiceReport,
    ServiceSpec,
)

EXECUTION = 7
OWNER_UID = 12345
"""Nobody whom an image could know."""


class OnBackend:
    """What was started: its reports by name, and where its ports are reached."""

    def __init__(self, backend: Backend, document: zapp.ZApp, workspace: Path) -> None:
        self.backend, self._workspace = backend, workspace
        self.instances = {instance.name: instance for instance in zapp.instances(document)}
        self._who = {name: ServiceId(7100 + number, EXECUTION, name) for number, name in enumerate(self.instances)}
        self.reports: dict[str, ServiceReport] = {}

    def start(self, nodes: Sequence[str]) -> None:
        """Start every service, on one node after the other."""
        for number, name in enumerate(self.instances):
            self.reports[name] = self.backend.start(self._spec(name), nodes[number % len(nodes)])

    def path(self, name: str, port: str) -> str:
        return zapp.proxy_path(EXECUTION, name, port)

    def address(self, name: str, port: int) -> Address:
        return self.backend.address(self.reports[name].handle, port)

    def services(self) -> list[RunningService]:
        return [
            RunningService(name, self.instances[name].group, lambda port, name=name: self.address(name, port))  # type: ignore[misc]
            for name in self.reports
        ]

    def log(self, name: str) -> str:
        return b"".join(self.backend.logs(self.reports[name].handle, False)).decode(errors="replace")  # noqa: FBT003

    def _spec(self, name: str) -> ServiceSpec:
        instance, me = self.instances[name], self._who[name]
        entry = instance.service
        around = zapp.Surroundings(
            user_name="ada",
            uid=OWNER_UID,
            gid=OWNER_UID,
            execution_id=EXECUTION,
            execution_name="lab",
            deployment_name=self.backend.deployment.name,
            dns_names={other: self.backend.dns_name(who) for other, who in self._who.items()},
            address=self.backend.bind_address(me),
            workspace=self.backend.workspace(me, self._workspace),
            proxy_paths={port.name: self.path(name, port.name) for port in entry.ports},
        )
        return ServiceSpec(
            who=me,
            group=entry.name,
            owner="ada",
            owner_uid=OWNER_UID,
            image=entry.image,
            command=zapp.command(instance, around),
            environment=zapp.environment(instance, around),
            reserved=Resources(entry.resources.cores.min or 0.1, entry.resources.memory.min or 1 << 28),
            limits=Limits(entry.resources.cores.max, entry.resources.memory.max, entry.resources.shm),
            dns_name=self.backend.dns_name(me),
            workspace=self._workspace,
            ports=[PortSpec(port.name, port.port_number, port.protocol) for port in entry.ports],
        )


@contextmanager
def on_backend(backend: Backend, document: zapp.ZApp, workspace: Path, nodes: Sequence[str]) -> Iterator[OnBackend]:
    """Start all services in a workspace of their owner; remove them afterwards."""
    workspace.mkdir()
    shutil.chown(workspace, OWNER_UID, OWNER_UID)
    made = OnBackend(backend, document, workspace)
    try:
        made.start(nodes)
        yield made
    finally:
        for report in backend.services():
            backend.remove(report.handle)
