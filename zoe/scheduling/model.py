"""What the scheduler is told (a snapshot) and what it answers (a plan)."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct, field


class Resources(Struct, frozen=True, gc=False):
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


class Node(Struct, frozen=True, gc=False):
    """One machine of a backend. A disabled or offline node gets nothing new (`open` is false)."""

    name: str
    total: Resources
    labels: frozenset[str] = frozenset()
    open: bool = True
    images: frozenset[str] = frozenset()


class Part(Struct, frozen=True, gc=False):
    """One service as the scheduler sees it: what it reserves, what it needs of a node, and where it is, if anywhere.

    One that is being stopped is `leaving`: it holds its reservation until it is gone, and nobody stops it again.
    """

    id: int
    group: str
    reserved: Resources
    core: bool
    labels: frozenset[str] = frozenset()
    node: str | None = None
    image: str = ""
    leaving: bool = False


class Estimate(Struct, frozen=True, gc=False):
    """A stretch of time in seconds, as history tells it: the likely value, and the bounds that most cases keep."""

    seconds: float
    low: float
    high: float


class Application(Struct, frozen=True):
    """One execution as the scheduler sees it. `submitted`: seconds since the epoch; `size`: as its owner gave it.

    `started`: when its core first got its place (seconds since the epoch; None while it waits, and after it went back
    to the queue). `expected`: how long it runs in all, from `started` to its end; None where there is no history.
    `running` is true from then until its last part is gone. `together`: its parts find each other on one node only.
    """

    id: int
    owner: str
    submitted: float
    size: int
    parts: Sequence[Part]
    running: bool = False
    priority: int = 0
    opportunistic: bool = False
    started: float | None = None
    expected: Estimate | None = None
    together: bool = False


class Quota(Struct, frozen=True, gc=False):
    """What one owner's executions may hold at a time: executions, cores, memory (bytes). 0: no limit."""

    executions: int = 0
    cores: float = 0.0
    memory: int = 0


class Snapshot(Struct, frozen=True):
    """All that a plan may depend on: the time (seconds since the epoch), the nodes, the executions that run or wait.

    `quotas`: by owner. `usage`: by owner, the share of the cluster (0 to 1) that executions of theirs which have ended
    held on average lately, as `zoe.scheduling.usage` keeps it.
    """

    now: float
    nodes: Sequence[Node]
    applications: Sequence[Application]
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    usage: Mapping[str, float] = field(default_factory=dict)


class Start(Struct, frozen=True, gc=False):
    """Start this part on this node."""

    application: int
    part: int
    node: str


class Stop(Struct, frozen=True, gc=False):
    """Take this part back, and tell its owner why.

    `requeue`: its whole execution is opportunistic and goes back to the queue; there is a `Stop` for each of its parts.
    """

    application: int
    part: int
    reason: str
    requeue: bool = False


class Wait(Struct, frozen=True):
    """Why an execution waits: in words its owner understands, and whether it can ever start on this cluster.

    `behind`: the head of the queue, for those that came after it and wait for room as it does. `position`: its place
    in the queue, from 1. `remedy`: what would let it start now, in words; empty where nothing simple would. `start`:
    in how many seconds it is expected to start; None where history does not tell.
    """

    reason: str
    possible: bool = True
    behind: int | None = None
    position: int = 0
    remedy: str = ""
    start: Estimate | None = None


class Plan(Struct):
    """What a scheduling pass decides.

    `waits` holds an entry for every execution whose core did not get its place, in the order of the queue; an entry is
    made when it is looked up, so that a long queue costs nothing to those who do not ask. `complaints`: what a policy
    or placement did wrong, a sentence each, for the log.
    """

    starts: list[Start] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    waits: Mapping[int, Wait] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


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


@runtime_checkable
class Arranging(Protocol):
    """A policy that must see more than the executions: if it has `arrange`, that is called in place of `order`."""

    def arrange(self, snapshot: Snapshot) -> Sequence[Application]:
        """Return the snapshot's executions, reordered; it may look at nodes, quotas and usage."""
        ...


@runtime_checkable
class Keyed(Protocol):
    """A policy that goes by each execution alone, whatever the time: if it has `key`, that is called, not `order`.

    It makes a long queue cheap: only who changed finds a place anew.
    """

    def key(self, application: Application) -> tuple[float, ...]:
        """Return what to sort by; among equals the lower id comes first. The same execution has always the same key."""
        ...


Offer = tuple[Node, Resources, int]
"""A node, what is free on it, and how many parts of the same execution are there."""
Score = float | tuple[float, ...]
"""How well a node suits a part: the lower, the better. A placement gives always a number, or always a tuple."""


@runtime_checkable
class Scoring(Protocol):
    """A placement that rates each node by itself: if it has `scores`, that is called in place of `choose`.

    It makes a large cluster cheap: only the nodes that changed are rated again.
    """

    def scores(self, part: Part, offers: Sequence[Offer]) -> Sequence[Score]:
        """Rate nodes for a part, in their order; the lowest wins, among equals the first.

        A score may depend on nothing but the part's reservation and image, and the one offer that it is for.
        """
        ...

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:
        """Rate one node, as `scores` does."""
        ...
