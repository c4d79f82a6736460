"""What a ZApp asks of the site, against what its administrator allows."""

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from zoe.errors import Fault
from zoe.zapp.model import Service, ZApp


def check_site(zapp: ZApp, allowed_volumes: Sequence[Path], allowed_networks: Sequence[str]) -> list[Fault]:
    """Return a fault for each volume that is not below an allowed path and each network whose name is not allowed.

    Paths are compared component by component, `/data2` is not below `/data`. They are paths of the backend's machines,
    hence symbolic links are not followed here.
    """
    return [
        Fault(f"services[{index}].{fault.path}", fault.message)
        for index, service in enumerate(zapp.services)
        for fault in (*_volumes(service, allowed_volumes), *_network(service, allowed_networks))
    ]


def _volumes(service: Service, allowed: Sequence[Path]) -> Iterator[Fault]:
    roots = [_normal(str(path)) for path in allowed]
    for index, volume in enumerate(service.volumes):
        if not any(_normal(volume.path).is_relative_to(root) for root in roots):
            yield Fault(
                f"volumes[{index}].path", f"is not below a path that the administrator allows ({_listed(roots)})"
            )


def _network(service: Service, allowed: Sequence[str]) -> Iterator[Fault]:
    if service.network is not None and service.network not in allowed:
        yield Fault("network", f"is not a network that the administrator allows ({_listed(allowed)})")


def _normal(path: str) -> PurePosixPath:
    # POSIX gives a leading double slash a meaning of its own, which no engine shares.
    return PurePosixPath(posixpath.normpath("/" + path.lstrip("/")))


def _listed(allowed: Sequence[object]) -> str:
    return ", ".join(map(str, allowed)) or "none"
