"""The planner of a simulation: `plan()`, and first come first served where a policy or a placement fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zoe.errors import ZoeError
from zoe.scheduling.model import Application, Node, Part, Placement, Plan, Policy, Resources, Snapshot
from zoe.scheduling.plan import plan


class NonsenseError(ZoeError):
    """It returned nonsense."""


@dataclass(slots=True)
class Guarded:
    """Plans as the master does: a policy that fails is replaced for that pass, and named.

    `failures`: how many passes it failed in; `first`: what was wrong the first time.
    """

    policy: Policy
    placement: Placement
    failures: int = 0
    first: str = ""
    _checked: tuple["_CheckedPolicy", "_CheckedPlacement"] = field(init=False)

    def __post_init__(self) -> None:
        self._checked = _CheckedPolicy(self.policy), _CheckedPlacement(self.placement)

    def __call__(self, snapshot: Snapshot) -> Plan:
        """Decide what starts, what is taken back and what waits."""
        try:
            return plan(snapshot, *self._checked)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises
            self.failures += 1
            self.first = self.first or f"{type(error).__name__}: {error}"
            return plan(snapshot, _FirstComeFirstServed(), _FirstCandidate())


@dataclass(frozen=True, slots=True)
class _CheckedPolicy:
    policy: Policy

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        ordered = self.policy.order(applications, now)
        if len(ordered) != len(applications) or set(map(id, ordered)) != set(map(id, applications)):
            raise NonsenseError("the policy did not return the same executions that it was given")
        return ordered


@dataclass(frozen=True, slots=True)
class _CheckedPlacement:
    placement: Placement

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        chosen = self.placement.choose(part, candidates, free)
        if chosen not in candidates:
            raise NonsenseError(f"the placement chose {chosen!r}, which is none of the candidates")
        return chosen


class _FirstComeFirstServed:
    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002 - contract
        return sorted(applications, key=lambda application: (application.submitted, application.id))


class _FirstCandidate:
    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:  # noqa: ARG002
        return candidates[0]
