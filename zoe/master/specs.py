"""From a service of an execution to what its backend needs to start it."""

from dataclasses import dataclass
from pathlib import Path

from zoe.master.entries import ExecutionEntry, ServiceEntry
from zoe.plugin import Backend, Limits, PortSpec, Resources, ServiceSpec, VolumeSpec
from zoe.zapp import Surroundings, command, environment, proxy_path, work_dir


@dataclass(frozen=True, slots=True)
class SpecMaker:
    """Fills in what differs from run to run. `workspaces` is the directory of the users' workspaces."""

    backend: Backend
    deployment_name: str
    workspaces: Path

    def make(self, execution: ExecutionEntry, service: ServiceEntry) -> ServiceSpec:
        """Return the service with every placeholder filled in."""
        entry = service.instance.service
        around = self._surroundings(execution, service)
        return ServiceSpec(
            who=service.who,
            group=service.row.group,
            owner=execution.row.owner,
            owner_uid=execution.row.owner_uid,
            image=entry.image,
            command=command(service.instance, around),
            environment=environment(service.instance, around),
            reserved=Resources(service.row.cores, service.row.memory, service.row.gpus),
            limits=Limits(entry.resources.cores.max, entry.resources.memory.max, entry.resources.shm),
            dns_name=self.backend.dns_name(service.who),
            workspace=self.workspaces / execution.row.owner,
            work_dir=work_dir(service.instance, around),
            volumes=[VolumeSpec(Path(v.path), f"/mnt/{v.name}", v.read_only) for v in entry.volumes],
            ports=[PortSpec(port.name, port.port_number, port.protocol) for port in entry.ports],
            labels=self._labels(execution, service),
        )

    def _surroundings(self, execution: ExecutionEntry, service: ServiceEntry) -> Surroundings:
        return Surroundings(
            user_name=execution.row.owner,
            uid=execution.row.owner_uid,
            gid=execution.row.owner_uid,
            execution_id=execution.id,
            execution_name=execution.row.name,
            deployment_name=self.deployment_name,
            dns_names={other.row.name: self.backend.dns_name(other.who) for other in execution.services},
            address=self.backend.bind_address(service.who),
            workspace=self.backend.workspace(service.who, self.workspaces / execution.row.owner),
            secrets=execution.row.secrets or {},
            proxy_paths={
                port.name: proxy_path(execution.id, service.row.name, port.name)
                for port in service.instance.service.ports
            },
        )

    def _labels(self, execution: ExecutionEntry, service: ServiceEntry) -> dict[str, str]:
        return {
            "zoe_deployment_name": self.deployment_name,
            "zoe_execution_id": str(execution.id),
            "zoe_execution_name": execution.row.name,
            "zoe_service_id": str(service.row.id),
            "zoe_service_name": service.row.name,
            "zoe_owner": execution.row.owner,
        }
