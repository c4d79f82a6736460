"""The backend `docker`: the contract, by way of one object for each engine."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from backend_docker.engine import Engine
from backend_docker.footing import make_workspace
from backend_docker.logs import OVERHEAD, Followed, cut_mark, follow_lines, lines
from backend_docker.reports import parts_of
from backend_docker.settings import DockerSettings
from zoe.errors import BackendRefusedError, BackendUnavailableError
from zoe.plugin import (
    Address,
    Backend,
    Deployment,
    Handle,
    NodeReport,
    PluginSettings,
    ServiceReport,
    ServiceSpec,
    Usage,
)


class DockerBackend(Backend):
    """Runs services as containers of one or several Docker Engines."""

    name: ClassVar[str] = "docker"
    Settings: ClassVar[type[PluginSettings]] = DockerSettings

    def __init__(self, settings: PluginSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        assert isinstance(settings, DockerSettings)  # noqa: S101 - the plugin manager validates with `Settings`
        self._set = settings
        self._listeners: list[Callable[[ServiceReport], None]] = []
        self.one_node_networks = len(settings.engines) > 1
        self._engines = {engine.name: Engine(engine, settings, deployment, self._tell) for engine in settings.engines}

    def open(self) -> None:
        """Connect to every engine; one that does not answer is tried again for ever, and its node is offline."""
        with ThreadPoolExecutor(len(self._engines)) as pool:
            list(pool.map(Engine.open, self._engines.values()))

    def close(self) -> None:
        """Hang up; the containers run on."""
        with ThreadPoolExecutor(len(self._engines)) as pool:
            list(pool.map(Engine.close, self._engines.values()))

    def nodes(self) -> Sequence[NodeReport]:
        """Tell of every engine."""
        return [engine.node() for engine in self._engines.values()]

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        """Start a container, or find it."""
        if node not in self._engines:
            raise BackendRefusedError(f"there is no engine '{node}': the settings name {', '.join(self._engines)}")
        make_workspace(service.workspace, service.owner_uid)
        return self._engines[node].start(service)

    def stop(self, handle: Handle, grace: float) -> None:
        """Stop a container."""
        engine, container = self._find(handle)
        engine.stop(container, grace)

    def remove(self, handle: Handle) -> None:
        """Remove a container, and its owner's network after the last one."""
        engine, container = self._find(handle)
        engine.remove(container)

    def services(self) -> Iterable[ServiceReport]:
        """Report the containers of all engines."""
        return [report for engine in self._engines.values() for report in engine.reports()]

    def watch(self, changed: Callable[[ServiceReport], None]) -> None:
        """Tell one more listener."""
        self._listeners.append(changed)

    def logs(self, handle: Handle, follow: bool) -> Iterator[bytes]:
        """Read a container's log from its engine."""
        engine, container = self._find(handle)
        frames = engine.frames(container, follow=follow)
        if frames is None:
            return iter(())
        if not follow:
            return self._whole(lines(frames))
        return follow_lines(Followed(frames, lambda since: engine.frames(container, follow=False, since=since)))

    def address(self, handle: Handle, port: int) -> Address:
        """Tell the container's own address, and the door into its network where Zoe does not reach it itself."""
        engine, container = self._find(handle)
        found = engine.address(container)
        if found is None:
            raise BackendUnavailableError("the service has no address: it does not run")
        host, door = found
        return Address(host, port, door)

    def usage(self, handles: Sequence[Handle]) -> Mapping[Handle, Usage]:
        """Look at the containers of each engine."""
        asked: dict[str, dict[str, Handle]] = {}
        for handle in handles:
            node, container = parts_of(handle)
            asked.setdefault(node, {})[container] = handle
        return {
            by_container[container]: usage
            for node, by_container in asked.items()
            if node in self._engines
            for container, usage in self._engines[node].usage(list(by_container)).items()
        }

    def _tell(self, report: ServiceReport) -> None:
        for listener in self._listeners:
            listener(report)

    def _find(self, handle: Handle) -> tuple[Engine, str]:
        node, container = parts_of(handle)
        if node not in self._engines:
            raise BackendUnavailableError(f"the service runs on the engine '{node}', which the settings no longer name")
        return self._engines[node], container

    def _whole(self, found: Iterator[bytes]) -> Iterator[bytes]:
        read = 0
        for line in found:
            read += len(line) + OVERHEAD
            yield line
        mark = cut_mark(read, self._set.log_max_bytes)
        if mark is not None:
            yield mark
