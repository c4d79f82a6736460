"""Where the ports of running services are, and whose: what the gateway rests on. Reading only."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from zoe.state.database import Database
from zoe.zapp import proxy_path

_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*)://")
_WEB = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class PortRoute:
    """A port of a service.

    `path` is its prefix behind the gateway, `page` what follows on its first page. `keeps_prefix`: the service knows
    its prefix and wants to see it. `scheme` is None where the port does not say that it is a web interface.
    """

    name: str
    number: int
    path: str
    page: str
    scheme: str | None
    keeps_prefix: bool

    def direct(self, address: str) -> str:
        """Return the URL of the first page for who can reach the service itself."""
        prefix = self.path if self.keeps_prefix else ""
        return f"{self.scheme or 'tcp'}://{address}:{self.number}{prefix}{self.page}"


@dataclass(frozen=True, slots=True)
class ServiceRoutes:
    """A service and its ports; `run` counts its lives."""

    id: int
    name: str
    status: str
    handle: str | None
    address: str | None
    dns_name: str | None
    run: int
    ports: tuple[PortRoute, ...]


@dataclass(frozen=True, slots=True)
class ExecutionRoutes:
    """An execution and its services."""

    id: int
    owner: int
    name: str
    status: str
    services: tuple[ServiceRoutes, ...]


_SELECT = """
SELECT e.id, e.user_id, e.name, e.status, s.id, s.name, s.status, s.handle, s.address, s.dns_name, s.restart_count, (
        SELECT entry -> 'ports' FROM jsonb_array_elements(e.description -> 'services') AS entry
        WHERE entry ->> 'name' = s.service_group LIMIT 1
    )
FROM execution AS e JOIN service AS s ON s.execution_id = e.id
WHERE e.status IN ('starting', 'running', 'cleaning up') AND {which} ORDER BY e.id, s.id
"""


def routes(database: Database, executions: Collection[int] | None = None) -> dict[int, ExecutionRoutes]:
    """Return the executions that have a place, by id: those that are named, or all."""
    which, parameters = ("true", []) if executions is None else ("e.id = ANY(%s)", [list(executions)])
    found: dict[tuple[int, int, str, str], list[ServiceRoutes]] = {}
    for row in database.rows(_SELECT.format(which=which), parameters):
        found.setdefault((row[0], row[1], row[2], row[3]), []).append(_service(row))
    return {head[0]: ExecutionRoutes(*head, tuple(services)) for head, services in found.items()}


def owner_and_status(database: Database, execution: int) -> tuple[int, str] | None:
    """Return whose an execution is, and where it stands; None if there is none."""
    rows = database.rows("SELECT user_id, status FROM execution WHERE id = %s", [execution])
    return (int(rows[0][0]), str(rows[0][1])) if rows else None


def port_routes(execution: int, service: str, ports: Collection[Mapping[str, Any]]) -> tuple[PortRoute, ...]:
    """Return the routes of a service's ports as its ZApp has them; UDP and unproxied ones are not there."""
    wanted = [port for port in ports if port.get("protocol", "tcp") == "tcp" and port.get("proxy", True)]
    return tuple(_port(execution, service, port) for port in wanted)


def _service(row: tuple[Any, ...]) -> ServiceRoutes:
    id_, name, status, handle, address, dns_name, run, ports = row[4:]
    return ServiceRoutes(id_, name, status, handle, address, dns_name, run, port_routes(row[0], name, ports or ()))


def _port(execution: int, service: str, port: Mapping[str, Any]) -> PortRoute:
    name, template = str(port["name"]), port.get("url_template")
    scheme, page = _read(str(template)) if template else (None, "/")
    keeps = "{proxy_path}" in (template or "")
    return PortRoute(name, int(port["port_number"]), proxy_path(execution, service, name), page, scheme, keeps)


def _read(template: str) -> tuple[str | None, str]:
    """Return scheme and first page of an address such as http://{ip_port}{proxy_path}/lab."""
    found = _SCHEME.match(template)
    scheme = found[1].lower() if found else "http"
    rest = template[found.end() :] if found else template
    page = rest.replace("{ip_port}", "").replace("{proxy_path}", "")
    return (scheme if scheme in _WEB else None), page if page.startswith("/") else "/"
