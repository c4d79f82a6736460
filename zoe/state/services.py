"""Services as the API shows them. Reading only."""

from collections.abc import Mapping
from typing import Any

from zoe.errors import NotFoundError
from zoe.state.database import Database

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


def endpoints(database: Database, execution_id: int) -> list[tuple[str, str]]:
    """Return name and address of every port of the active services of an execution."""
    found = []
    for one in services(database, execution_id):
        if one["status"] == "active" and one["ip_address"]:
            found += [
                (str(port["name"]), _url(port, one["ip_address"])) for port in one["description"].get("ports", ())
            ]
    return found


def _url(port: Mapping[str, Any], address: str) -> str:
    ip_port = f"{address}:{port['port_number']}"
    template = port.get("url_template") or f"{port.get('protocol', 'tcp')}://{{ip_port}}"
    return str(template).replace("{ip_port}", ip_port).replace("{proxy_path}", "")


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
