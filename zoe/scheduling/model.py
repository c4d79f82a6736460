"""What the scheduler is told (a snapshot) and what it answers (a plan)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Resources:
    """An amount of cores (fractions allowed), memory (bytes) and GPUs (whole devices)."""

    cores: float = 0.0
    memory: int = 0
    gpus: int = 0

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(self.cores + other.cores, self.memory + other.memory, self.gpus + other.gpus)

    def __sub__(self, other: "Resources") -> "Resources":
        return Resources(self.cores - other.cores, self.memory - other.memory, self.gpus - other.gpus)

    def holds(self, other: "Resources") -> bool:
        """Tell whether `other` fits into this amount; a millionth of a core of rounding is forgiven."""
        return other.cores <= self.cores + 1e-6 and other.memory <= self.memory and other.gpus <= self.gpus


NOTHING = Resources()


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of a backend. A disabled or offline node gets nothing new (`open` is false)."""

    name: str
    total: Resources
    labels: frozenset[str] = frozenset()
    open: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One service as the scheduler sees it: what it reserves, what it needs of a node, and where it is, if anywhere."""

    id: int
    group: str
    reserved: Resources
    core: bool
    labels: frozenset[str] = frozenset()
    node: str | None = None
    image: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """One execution as the scheduler sees it. `submitted`: seconds since the epoch; `size`: as its owner gave it."""

    id: int
    owner: str
    submitted: float
    size: int
    parts: Sequence[Part]
    running: bool = False
    priority: int = 0
    opportunistic: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a plan may depend on: the time (seconds since the epoch), the nodes, the executions that run or wait."""

    now: float
    nodes: Sequence[Node]
    applications: Sequence[Application]


@dataclass(frozen=True, slots=True)
class Start:
    """Start this part on this node."""

    application: int
    part: int
    node: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Take this part back, and tell its owner why."""

    application: int
    part: int
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Why an execution waits: in words its owner understands, and whether it can ever start on this cluster.

    `behind` is the execution ahead of it, where that is the only reason.
    """

    reason: str
    possible: bool = True
    behind: int | None = None


@dataclass(slots=True)
class Plan:
    """What a scheduling pass decides. `waits` holds an entry for every execution whose core did not get its place."""

    starts: list[Start] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    waits: dict[int, Wait] = field(default_factory=dict)


class Policy(Protocol):
    """Orders executions, the one to serve first at the front."""

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        """Return the same executions, reordered."""
        ...


class Placement(Protocol):
    """Picks a node for a part."""

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        """Return one of `candidates` (never empty; each is open, carries the labels and has the room)."""
        ...
