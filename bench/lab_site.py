"""What the lab session runs on, and the container that is in all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

from zoe.plugin import Limits, Resources, ServiceId, ServiceSpec

WORDS = ("sleep", "100000")
MEMORY, MOST_MEMORY = 8 << 20, 64 << 20
CORES = 0.001
AT_A_TIME = 8
_numbers = count(1_000_000)


class Raw(Protocol):
    """A client without Zoe."""

    def seconds(self, containers: int) -> float:
        """Make and start so many containers, tell how long it took until all ran, and remove them."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """An engine or a Swarm: a client without Zoe, the settings by which Zoe finds it, the log that tells its calls."""

    raw: Raw
    environment: Mapping[str, str]
    log: Path


def next_spec(directory: Path) -> ServiceSpec:
    """Describe one more container, as Zoe would."""
    number = next(_numbers)
    return ServiceSpec(
        who=ServiceId(number, number, "task0"),
        group="task",
        owner="bench",
        owner_uid=1000,
        image="busybox:latest",
        command=WORDS,
        environment={f"ZOE_BENCH_{n}": "as many as Zoe itself sets" for n in range(10)},
        reserved=Resources(CORES, MEMORY),
        limits=Limits(memory=MOST_MEMORY),
        dns_name=f"raw-{number}",
        workspace=directory,
    )
