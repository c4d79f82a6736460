"""The backend `process`: the contract, by way of the keeper."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from backend_process.environment import service_environment
from backend_process.footing import make_workspace, require_way, service_uid
from backend_process.link import KeeperLink
from backend_process.log_reader import follow_log, read_log
from backend_process.loopback import loopback_address
from backend_process.machine import machine_resources, node_name
from backend_process.settings import ProcessSettings
from backend_process.usage import UsageMeter
from backend_process.watch import Watch
from zoe.errors import BackendRefusedError, BackendUnavailableError
from zoe.plugin import (
    Address,
    Backend,
    Deployment,
    Handle,
    NodeReport,
    PluginSettings,
    Resources,
    ServiceId,
    ServiceReport,
    ServiceSpec,
    ServiceState,
    Usage,
)

_BY_FORCE = 30.0  # seconds that the kernel may take to end what was killed


class ProcessBackend(Backend):
    """Runs services as processes of this machine."""

    name: ClassVar[str] = "process"
    Settings: ClassVar[type[PluginSettings]] = ProcessSettings

    def __init__(self, settings: PluginSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        assert isinstance(settings, ProcessSettings)  # noqa: S101 - the plugin manager validates with `Settings`
        self._set = settings
        self._directory = deployment.data_dir.resolve() / "process"
        key = sha256(f"{deployment.id} {self._directory}".encode()).hexdigest()[:16]
        self._keeper = KeeperLink(self._directory, key, settings.log_max_bytes)
        self._watch: Watch | None = None
        self._meter = UsageMeter()
        self._node = node_name()
        self._not_enforced: Sequence[str] = ()

    def open(self) -> None:
        """Make the directories, find the keeper or start one, and delete what an earlier Zoe had no time for."""
        closed = 0o711 if service_uid(self._set.run_as, 1000, "") is not None else 0o700
        try:
            for directory, mode in (("", closed), ("services", closed), ("trash", 0o700), ("keeper", 0o700)):
                (self._directory / directory).mkdir(parents=True, exist_ok=True)
                (self._directory / directory).chmod(mode)
        except OSError as error:
            raise BackendUnavailableError(
                f"The directory {self._directory} cannot be used: {error.strerror}"
            ) from error
        self._not_enforced = self._keeper.ask({"do": "describe"})["not_enforced"]
        for left in (self._directory / "trash").iterdir():
            _delete(left)

    def close(self) -> None:
        """Hang up; the keeper and the services run on."""
        if self._watch is not None:
            self._watch.stop()
        self._keeper.close()

    def nodes(self) -> Sequence[NodeReport]:
        """Tell of this machine."""
        found = machine_resources()
        total = Resources(
            max(0.0, (self._set.cores or found.cores) - self._set.reserve_cores),
            max(0, (self._set.memory or found.memory) - self._set.reserve_memory),
        )
        return [NodeReport(self._node, total, self._set.labels, remarks=[*map(_remark, self._not_enforced)])]

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        """Start a process, or find it."""
        if node != self._node:
            raise BackendRefusedError(f"there is no node '{node}' here: this backend has only '{self._node}'")
        return self._report(self._keeper.ask(self._order(service)))

    def stop(self, handle: Handle, grace: float) -> None:
        """End a service and all that it started."""
        self._keeper.ask({"do": "stop", "id": _number(handle), "grace": grace}, grace + _BY_FORCE)

    def remove(self, handle: Handle) -> None:
        """Delete the directory of a service; deleting may take long, so the keeper only puts it aside."""
        self._keeper.ask({"do": "remove", "id": _number(handle)}, _BY_FORCE)
        _delete(self._directory / "trash" / str(_number(handle)))

    def services(self) -> Iterable[ServiceReport]:
        """Report all that the keeper knows."""
        return [self._report(record) for record in self._keeper.ask({"do": "list"})]

    def watch(self, changed: Callable[[ServiceReport], None]) -> None:
        """Listen to the keeper."""
        self._watch = Watch(self._keeper, lambda record: changed(self._report(record)))

    def logs(self, handle: Handle, follow: bool) -> Iterator[bytes]:
        """Read the log's file."""
        path = self._service_directory(_number(handle)) / "log"
        return follow_log(path, self._keeper, _number(handle)) if follow else read_log(path)

    def address(self, handle: Handle, port: int) -> Address:
        """Tell the service's own loopback address."""
        return Address(loopback_address(self.deployment.id, _number(handle)), port)

    def usage(self, handles: Sequence[Handle]) -> Mapping[Handle, Usage]:
        """Read what the processes of these services use."""
        wanted = {_number(handle): handle for handle in handles}
        records = [record for record in self._keeper.ask({"do": "list"}) if record["state"] == ServiceState.STARTED]
        found = self._meter.read({record["id"]: record["pid"] for record in records})
        return {wanted[number]: usage for number, usage in found.items() if number in wanted}

    def dns_name(self, who: ServiceId) -> str:
        """Tell the service's own loopback address: it needs no name server."""
        return loopback_address(self.deployment.id, who.id)

    def bind_address(self, who: ServiceId) -> str:
        """Tell the service's own loopback address: its ports collide with nobody's there."""
        return loopback_address(self.deployment.id, who.id)

    def workspace(self, who: ServiceId, workspace: Path) -> str:  # noqa: ARG002 - the contract's
        """Tell the workspace's own path: a process sees the machine as it is."""
        return str(workspace)

    def keeper_pid(self) -> int:
        """Tell which process keeps the services."""
        return int(self._keeper.ask({"do": "describe"})["pid"])

    def _service_directory(self, number: int) -> Path:
        return self._directory / "services" / str(number)

    def _order(self, service: ServiceSpec) -> dict[str, object]:
        directory = self._service_directory(service.who.id)
        uid = service_uid(self._set.run_as, service.owner_uid, service.owner)
        if uid is not None:
            require_way(directory, uid)
        make_workspace(service.workspace, uid)
        return {
            "do": "start",
            "id": service.who.id,
            "execution_id": service.who.execution_id,
            "name": service.who.name,
            "words": _words(service),
            "environment": service_environment(service, directory / "work", directory / "tmp"),
            "directory": service.work_dir,
            "uid": uid,
            "cores": service.limits.cores,
            "memory": service.limits.memory,
        }

    def _report(self, record: Mapping[str, Any]) -> ServiceReport:
        who = ServiceId(record["id"], record["execution_id"], record["name"])
        return ServiceReport(
            who=who,
            handle=Handle(json.dumps({"service": who.id})),
            state=ServiceState(record["state"]),
            node=self._node,
            address=self.dns_name(who),
            exit_code=record["exit_code"],
            reason=record["reason"],
            at=record["at"],
        )


def _words(service: ServiceSpec) -> list[str]:
    if service.command is None:
        raise BackendRefusedError(
            "the ZApp gives no command, and on this backend there is no image that could bring one: give it a command"
        )
    for volume in service.volumes:
        if str(volume.source) != volume.target:
            raise BackendRefusedError(
                f"the volume {volume.target} cannot be mounted: a process sees the machine's directories as they are"
            )
    if not service.command:
        raise BackendRefusedError("the command is empty: give it at least the name of a program")
    return ["/bin/sh", "-c", service.command] if isinstance(service.command, str) else [*service.command]


def _number(handle: Handle) -> int:
    return int(json.loads(handle)["service"])


def _remark(controller: str) -> str:
    what = {"memory": "memory", "cpu": "cores"}[controller]
    return f"limits of {what} are not enforced: Zoe may not make control groups for {what} on this machine"


def _delete(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():  # a directory that a service closed to itself is closed to us, if we are not root
        for parent, names, _ in os.walk(directory):
            for path in (Path(parent, name) for name in names):
                if not path.is_symlink():
                    path.chmod(0o700)
        shutil.rmtree(directory, ignore_errors=True)
