"""The loopback address of each service: fixed ports never collide, and every service can compute every other's."""

from functools import cache
from hashlib import sha256
from ipaddress import IPv4Address

# 127.0.0.0/16 is left to the machine itself, and no address ends in 0 or 255: some programs take those for a network.
_SECOND = range(1, 256)
_THIRD = range(256)
_FOURTH = range(1, 255)
_COUNT = len(_SECOND) * len(_THIRD) * len(_FOURTH)


def loopback_address(deployment_id: str, service_id: int) -> str:
    """Tell the address of a service: the same for ever, and for 16 million services of a deployment no two alike.

    Deployments start at places of their own, so that two of them on one machine do not meet.
    """
    rest, fourth = divmod((_offset(deployment_id) + service_id) % _COUNT, len(_FOURTH))
    second, third = divmod(rest, len(_THIRD))
    return str(IPv4Address(bytes([127, _SECOND[second], _THIRD[third], _FOURTH[fourth]])))


@cache
def _offset(deployment_id: str) -> int:
    return int.from_bytes(sha256(deployment_id.encode()).digest()[:8], "big")
