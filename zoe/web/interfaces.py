"""The web interfaces of an execution: what there will be, what runs already, and which one people came for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from zoe.state.routes import PortRoute, port_routes
from zoe.web.site import Site

Service = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interface:
    """A web interface of a service: `address` leads there, None while its service does not run.

    `path` is where it is behind the gateway. `monitors`: whether its service is what the execution ends with.
    """

    name: str
    service: str
    path: str
    address: str | None
    monitors: bool


def interfaces(site: Site, execution: int, services: Sequence[Service]) -> list[Interface]:
    """Return the web interfaces of an execution's services, those of its monitors first."""
    found = [one for service in services for one in _of(site, execution, service)]
    return sorted(found, key=lambda one: not one.monitors)


def main_interface(found: Sequence[Interface]) -> Interface | None:
    """Return the one that is opened by itself."""
    return found[0] if found else None


def _of(site: Site, execution: int, service: Service) -> Iterator[Interface]:
    description = service["description"]
    for route in port_routes(execution, service["name"], description.get("ports", ())):
        if route.scheme:
            where = _address(site, service, route) if service["status"] == "active" else None
            monitors = bool(description.get("monitor"))
            yield Interface(route.name, str(service["name"]), route.path + route.page, where, monitors)


def _address(site: Site, service: Service, route: PortRoute) -> str | None:
    if site.links is not None:
        return f"{site.prefix}/gateway/enter?to={quote(route.path + route.page, safe='/')}"
    return route.direct(service["ip_address"]) if service["ip_address"] else None
