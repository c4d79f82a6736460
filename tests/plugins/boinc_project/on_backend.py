"""One task on a real backend, by hand: no master, no API."""

from pathlib import Path
from queue import Empty, SimpleQueue

from tests.plugins.boinc_project.running import QUICK
from tests.plugins.boinc_project.server import Project
from zapp_boinc.boinc_type import BoincType
from zapp_boinc.parameters import BoincParameters
from zoe import zapp
from zoe.plugin import (
    Backend,
    Deployment,
    Limits,
    PortSpec,
    Progress,
    Resources,
    RunningService,
    ServiceId,
    ServiceReport,
    ServiceSpec,
)
from zoe.testing.changes import ENDED

WHO = ServiceId(4711, 47, "boinc0")
OWNER_UID = 12345
"""Nobody whom a machine or an image could know."""
_CORES, _MEMORY = 1.0, 256 * 1024**2
_SECONDS = 180.0


class OnBackend:
    """One service that a backend runs."""

    def __init__(self, backend: Backend, project: Project, workspace: Path, image: str = "zoe-boinc:1") -> None:
        self._backend, self._project = backend, project
        self.type = BoincType(QUICK, Deployment("test", "1", workspace))
        self._ends: SimpleQueue[ServiceReport] = SimpleQueue()
        backend.watch(self._changed)
        self.report = backend.start(self._spec(workspace, image), next(iter(backend.nodes())).name)

    def progress(self) -> Progress | None:
        """Look how far it is, as the master does."""
        dial = lambda port: self._backend.address(self.report.handle, port)  # noqa: E731
        return self.type.progress([RunningService(WHO.name, "boinc", dial)])

    def says(self, words: str) -> str:
        """Follow the log until it holds some words, or to its end; return all of it."""
        log = ""
        for piece in self._backend.logs(self.report.handle, follow=True):
            log += piece.decode(errors="replace")
            if words in log:
                break
        return log

    def ends(self) -> ServiceReport:
        """Wait for the end as the backend reports it."""
        try:
            return self._ends.get(timeout=_SECONDS)
        except Empty:
            raise AssertionError(self.says("no such words")) from None

    def _changed(self, report: ServiceReport) -> None:
        if report.who == WHO and report.state in ENDED:
            self._ends.put(report)

    def _spec(self, workspace: Path, image: str) -> ServiceSpec:
        given = {"project_url": self._project.url, "account_key": self._project.key, "image": image}
        asked = BoincParameters.model_validate(given | {"cores": _CORES, "memory": _MEMORY})
        (instance,) = zapp.instances(zapp.read(self.type.zapp(asked)))
        around = self._around(workspace)
        environment = zapp.environment(instance, around)
        return ServiceSpec(
            who=WHO,
            group=instance.group,
            owner="ada",
            owner_uid=OWNER_UID,
            image=image,
            command=zapp.command(instance, around),
            environment={
                name: value.replace("{secret#account_key}", self._project.key) for name, value in environment.items()
            },
            reserved=Resources(_CORES, _MEMORY),
            limits=Limits(_CORES, _MEMORY),
            dns_name=self._backend.dns_name(WHO),
            workspace=workspace,
            ports=[PortSpec(port.name, port.port_number) for port in instance.service.ports],
        )

    def _around(self, workspace: Path) -> zapp.Surroundings:
        return zapp.Surroundings(
            user_name="ada",
            uid=OWNER_UID,
            gid=OWNER_UID,
            execution_id=WHO.execution_id,
            execution_name="science",
            deployment_name="test",
            dns_names={WHO.name: self._backend.dns_name(WHO)},
            address=self._backend.bind_address(WHO),
            workspace=self._backend.workspace(WHO, workspace),
            proxy_paths={},
        )
