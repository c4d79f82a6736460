"""Version 2 of the format, what Zoe 0.10 ran, turned into version 3."""

import re
from collections.abc import Iterator, Sequence

from zoe.errors import Fault
from zoe.zapp.fields import MOST_PARTS, WORKSPACE, names_its_version
from zoe.zapp.tolerant import Object

KNOWN_KEYS: dict[str, frozenset[str]] = {
    "": frozenset({"name", "version", "will_end", "priority", "requires_binary", "services", "size"}),
    "services": frozenset(
        {
            "name",
            "docker_image",
            "monitor",
            "ports",
            "required_resources",
            "total_count",
            "essential_count",
            "startup_order",
            "environment",
            "volumes",
            "networks",
            "command",
        }
    ),
    "ports": frozenset({"name", "protocol", "port_number", "is_main_endpoint", "path"}),
    "required_resources": frozenset({"memory", "cores"}),
}
"""The keys of version 2, by the key that holds their object."""

_KEPT = ("name", "monitor", "total_count", "essential_count", "environment", "command")
_WEB = ("http", "https")
_VOLUME = re.compile(r"services\[\d+\]\.volumes\[\d+\]")
_PATHS_BEFORE = (
    (re.compile(r"(^services\[\d+\]\.)image\b"), r"\1docker_image"),
    (re.compile(r"(^services\[\d+\]\.)resources(\.\w+)?(\.\w+)?"), r"\1required_resources\2"),
    (re.compile(r"(^services\[\d+\]\.)network\b"), r"\1networks[0]"),
    (re.compile(r"(^services\[\d+\]\.volumes\[\d+\])\.path"), r"\1[0]"),
    (re.compile(r"(^services\[\d+\]\.volumes\[\d+\])\.name"), r"\1[1]"),
    (re.compile(r"(^services\[\d+\]\.volumes\[\d+\])\.read_only"), r"\1[2]"),
    (re.compile(r"(^services\[\d+\]\.ports\[\d+\])\.url_template"), r"\1.path"),
)


def is_version_2(document: Object) -> bool:
    """Tell whether a document says that it is of version 2 (the whole number; 2.0 is not)."""
    version = document.get("version")
    return type(version) is int and version == 2


def upgraded(document: Object) -> Object:
    """Return a document of version 3 that says the same. What is faulty stays so, for validation to find."""
    kept = {key: document[key] for key in ("name", "will_end", "size") if key in document}
    services = document.get("services")
    if isinstance(services, list):
        services = [_service(entry) if isinstance(entry, dict) else entry for entry in services]
    return kept | {"version": 3} | ({"services": services} if "services" in document else {})


def before_upgrade(fault: Fault) -> Fault:
    """Return the fault with the path that it has in the document of version 2."""
    path = fault.path
    if _VOLUME.fullmatch(path):
        return Fault(path, "is not right; expected a list [host path, mount point, read only]")
    for pattern, old in _PATHS_BEFORE:
        path = pattern.sub(old, path)
    return Fault(path, fault.message)


def _service(old: Object) -> Object:
    new = {key: old[key] for key in _KEPT if key in old} | {"startup_order": old.get("startup_order", 0)}
    if "docker_image" in old:
        new["image"] = _image(old["docker_image"])
    new["resources"] = _resources(old.get("required_resources", {}))
    new["network"] = _network(old.get("networks"))
    new["volumes"] = _each(old.get("volumes"), list(_volumes(old.get("volumes"))))
    ports = old.get("ports")
    new["ports"] = _each(ports, [_port(port) for port in ports] if isinstance(ports, list) else [])
    return {key: value for key, value in new.items() if value is not None or key in old}


def _each(old: object, converted: list[object]) -> object:
    return converted if old is None or isinstance(old, list) else old


def _image(image: object) -> object:
    return f"{image}:latest" if isinstance(image, str) and image and not names_its_version(image) else image


def _resources(required: object) -> object:
    if not isinstance(required, dict):
        return required
    # Version 2 said 0 cores where it meant no wish.
    cores = required.get("cores")
    return {"memory": _both(required.get("memory")), "cores": _both(None if _is_zero(cores) else cores)}


def _both(amount: object) -> Object:
    return {"min": amount, "max": amount}


def _is_zero(amount: object) -> bool:
    return isinstance(amount, (int, float)) and not isinstance(amount, bool) and amount == 0


def _network(networks: object) -> object:
    if isinstance(networks, list):
        return networks[0] if networks else None
    return networks


def _volumes(volumes: object) -> Iterator[object]:
    taken = {WORKSPACE}
    # Beyond the most there may be nothing is worth a name: validation refuses the list.
    for volume in volumes[: MOST_PARTS + 1] if isinstance(volumes, list) else ():
        yield _volume(volume, taken) if isinstance(volume, list) and len(volume) == 3 else volume


def _volume(volume: Sequence[object], taken: set[str]) -> object:
    host, mountpoint, read_only = volume
    if not isinstance(mountpoint, str):
        return {"name": mountpoint, "path": host, "read_only": read_only}
    stem = re.sub(r"[^a-zA-Z0-9_-]", "_", mountpoint.rstrip("/").rpartition("/")[2])[:48] or "volume"
    name = next(name for name in (stem, *(f"{stem}_{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    taken.add(name)
    return {"name": name, "path": host, "read_only": read_only}


def _port(old: object) -> object:
    if not isinstance(old, dict):
        return old
    new = {key: old[key] for key in ("name", "port_number") if key in old}
    protocol, path = old.get("protocol", "http"), old.get("path")
    is_web = isinstance(protocol, str) and protocol in _WEB
    if is_web or path is not None:
        new["url_template"] = _url(str(protocol) if is_web else "http", path)
    return new | {"protocol": "tcp" if is_web else protocol}


def _url(scheme: str, path: object) -> object:
    if not isinstance(path, str | None):
        return path
    return f"{scheme}://{{ip_port}}/{(path or '').removeprefix('/')}"
