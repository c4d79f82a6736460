"""Choosing a subnet for a user's network: engines run out of their own pools after some thirty networks."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv4Network, ip_network
from typing import Any

from backend_docker.settings import NetworkSettings
from zoe.errors import BackendBusyError


def taken(networks: Iterable[dict[str, Any]]) -> list[IPv4Network]:
    """Return the subnets of an engine's networks, as it lists them."""
    found: list[IPv4Network] = []
    for network in networks:
        for pool in (network.get("IPAM") or {}).get("Config") or ():
            with suppress(ValueError, KeyError, TypeError):
                subnet = ip_network(pool["Subnet"], strict=False)
                found += [subnet] if isinstance(subnet, IPv4Network) else []
    return found


def free(settings: NetworkSettings, used: Iterable[IPv4Network], first: int = 0) -> Iterator[IPv4Network]:
    """Yield the subnets of the range that overlap with none that is used: from this one on, those before it last."""
    near = [subnet for subnet in used if subnet.overlaps(settings.subnets)]
    size, number = 1 << (32 - settings.subnet_prefix), how_many(settings)
    for turn in range(number):
        begins = settings.subnets.network_address + (first + turn) % number * size
        candidate = IPv4Network((begins, settings.subnet_prefix))
        if not any(candidate.overlaps(subnet) for subnet in near):
            yield candidate


def how_many(settings: NetworkSettings) -> int:
    """Return how many subnets the range has."""
    return 1 << (settings.subnet_prefix - settings.subnets.prefixlen)


def no_subnet(settings: NetworkSettings) -> BackendBusyError:
    """Return the error for a range that is used up."""
    return BackendBusyError(
        f"no subnet of {settings.subnets} is left for another user's network: give a larger range in network.subnets"
    )
