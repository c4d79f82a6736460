"""Services as the API shows them. Reading only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoe.errors import NotFoundError
from zoe.state.database import Database
from zoe.state.routes import port_routes
from zoe.zapp import proxy_path

_COLUMNS = (
    "id",
    "name",
    "status",
    "error_message",
    "execution_id",
    "service_group",
    "backend_id",
    "ip_address",
    "backend_status",
    "backend_host",
    "essential",
    "restart_count",
    "exit_code",
    "dns_name",
)
_SELECT = """
SELECT s.id, s.name, s.status, s.error_message, s.execution_id, s.service_group, s.handle, s.address, s.backend_status,
    s.node, s.essential, s.restart_count, s.exit_code, s.dns_name, e.user_id, (
        SELECT entry FROM jsonb_array_elements(e.description -> 'services') AS entry
        WHERE entry ->> 'name' = s.service_group LIMIT 1
    )
FROM service AS s JOIN execution AS e ON e.id = s.execution_id
"""
ENDED = ("inactive", "error")


def service(database: Database, service_id: int) -> tuple[dict[str, Any], int]:
    """Return one service, and the id of the user whose it is."""
    rows = database.rows(f"{_SELECT} WHERE s.id = %s", [service_id])
    if not rows:
        raise NotFoundError(kind="service", name=service_id)
    return _shown(rows[0]), int(rows[0][-2])


def services(database: Database, execution_id: int) -> list[dict[str, Any]]:
    """Return the services of an execution."""
    rows = database.rows(f"{_SELECT} WHERE s.execution_id = %s ORDER BY s.id", [execution_id])
    return [_shown(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port of a running service: its URL for who reaches the service itself, its page behind the gateway if any."""

    service: str
    name: str
    url: str
    page: str | None


def endpoints(database: Database, execution_id: int) -> list[Endpoint]:
    """Return every port of the active services of an execution."""
    return [
        _endpoint(one, port)
        for one in services(database, execution_id)
        if one["status"] == "active" and one["ip_address"]
        for port in one["description"].get("ports", ())
    ]


def _endpoint(one: Mapping[str, Any], port: Mapping[str, Any]) -> Endpoint:
    ip_port = f"{one['ip_address']}:{port['port_number']}"
    template = port.get("url_template") or f"{port.get('protocol', 'tcp')}://{{ip_port}}"
    prefix = proxy_path(one["execution_id"], one["name"], str(port["name"]))
    url = str(template).replace("{ip_port}", ip_port).replace("{proxy_path}", prefix)
    routes = port_routes(one["execution_id"], one["name"], [port])
    page = next((route.path + route.page for route in routes if route.scheme), None)
    return Endpoint(one["name"], str(port["name"]), url, page)


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    made = dict(zip(_COLUMNS, row[: len(_COLUMNS)], strict=True))
    made["description"] = row[-1] or {}
    made["proxy_address"] = None
    return made


def addresses(database: Database, execution_id: int) -> set[str]:
    """Return where the running services of an execution are."""
    rows = database.rows(
        "SELECT address FROM service WHERE execution_id = %s AND address IS NOT NULL AND status IN %s",
        [execution_id, ("starting", "active", "terminating")],
    )
    return {row[0] for row in rows}


def dns_names(database: Database, execution_id: int, deployment: str) -> list[tuple[str, str]]:
    """Return the name in the network, and the group, of the services of an execution that have not ended."""
    rows = database.rows(
        "SELECT name, service_group, dns_name FROM service WHERE execution_id = %s AND status NOT IN %s ORDER BY id",
        [execution_id, ENDED],
    )
    return [(dns_name or f"{name}-{execution_id}-{deployment}", group) for name, group, dns_name in rows]
