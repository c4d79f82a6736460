"""Placeholders: which there are, and whether those that name an instance or a port name one that exists."""

import re
from collections.abc import Iterator
from itertools import islice

from zoe.errors import Fault
from zoe.zapp.fields import MOST_INSTANCES, MOST_INSTANCES_OF_A_GROUP
from zoe.zapp.tolerant import Object, items, objects, text, whole

SELF = "self"
MOST_FAULTS_OF_A_TEXT = 10
PLACEHOLDER = re.compile(
    r"\{(?:(?P<plain>user_name|execution_id|execution_name|deployment_name|workspace|address#self)"
    r"|dns_name#(?P<instance>[^{}]*)|proxy_path#(?P<port>[^{}]*)|secret#(?P<secret>[a-z0-9_]+))\}"
)


def dangling(document: Object) -> Iterator[Fault]:
    """Yield a fault for each placeholder that names no instance of the ZApp, or no port of its service."""
    instances = _instances(document)
    for index, service in objects(document, "services"):
        ports = _proxied_ports(service)
        for path, value in _texts(service):
            if path.startswith("command") and any(found["secret"] for found in PLACEHOLDER.finditer(value)):
                yield Fault(f"services[{index}].{path}", "holds a secret, which everybody would see; use environment")
            for message in islice(_unresolved(value, instances, ports), MOST_FAULTS_OF_A_TEXT):
                yield Fault(f"services[{index}].{path}", message)


def _unresolved(value: str, instances: set[str] | None, ports: set[str] | None) -> Iterator[str]:
    for found in PLACEHOLDER.finditer(value):
        instance, port = found["instance"], found["port"]
        if instance is not None and instances is not None and instance not in instances:
            yield f"names the instance {_shown(instance)}, which does not exist; expected self or one such as worker0"
        if port is not None and ports is not None and port not in ports:
            yield f"names the port {_shown(port)}, which this service does not have behind the gateway"


def _shown(name: str) -> str:
    return ascii(name[:64])


def _texts(service: Object) -> Iterator[tuple[str, str]]:
    command = text(service, "command")
    if command is not None:
        yield "command", command
    yield from ((f"command[{index}]", word) for index, word in items(service, "command") if isinstance(word, str))
    for index, pair in items(service, "environment"):
        if isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[1], str):
            yield f"environment[{index}][1]", pair[1]


def _instances(document: Object) -> set[str] | None:
    """Return the names of all instances and `self`; None while some cannot be known because of other faults."""
    names = {SELF}
    for _, service in items(document, "services"):
        group, total = (text(service, "name"), _total(service)) if isinstance(service, dict) else (None, None)
        if group is None or total is None or len(names) > MOST_INSTANCES:
            return None
        names.update(f"{group}{index}" for index in range(total))
    return names


def _total(service: Object) -> int | None:
    total = whole(service, "total_count")
    return total if total is not None and 1 <= total <= MOST_INSTANCES_OF_A_GROUP else None


def _proxied_ports(service: Object) -> set[str] | None:
    ports = [port for _, port in objects(service, "ports")]
    if any(text(port, "name") is None for port in ports):
        return None
    return {str(port["name"]) for port in ports if port.get("proxy", True) is not False}
