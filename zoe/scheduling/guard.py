"""Strangers' code: what a policy or a placement does wrong is named, and something simple takes over for the pass."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import TypeVar, cast

from msgspec.structs import replace

from zoe.scheduling.model import (
    Application,
    Arranging,
    Keyed,
    Node,
    Part,
    Placement,
    Policy,
    Resources,
    Scoring,
    Snapshot,
)
from zoe.scheduling.register import Known

P = TypeVar("P", Arranging, Keyed, Scoring)
_id, _arrival = attrgetter("id"), attrgetter("submitted", "id")


class TakesTooLongError(BaseException):
    """What a watchdog may raise in the thread of a pass, to end a policy or placement that loops.

    No `Exception`, so that the plugin's own `except Exception` does not swallow it. Where it strikes inside a call of
    the plugin, something simple takes over and the pass goes on. Anywhere else it leaves `Planner.plan`, and the next
    pass counts everything anew.
    """


FAULTS = (Exception, TakesTooLongError)
"""What a policy or a placement may raise without harm to anybody."""


def by_submission(applications: Iterable[Application]) -> list[Application]:
    """Order executions as FIFO does."""
    return sorted(applications, key=_arrival)


def in_order(
    policy: Policy, snapshot: Snapshot, known: Mapping[int, Known], complain: Callable[[str], object]
) -> list[Known]:
    """Ask the policy for the order of the snapshot's executions; FIFO's where it does not give one.

    `known` are these executions and no others.
    """
    try:
        ordered = list(islice(iter(_ask(policy, snapshot)), len(snapshot.applications) + 1))
        ids = dict.fromkeys(map(_id, ordered))
        chosen = list(map(known.get, ids))
    except FAULTS as error:
        complain(it_failed(policy, error))
    else:
        found = [one for one in chosen if one is not None]
        fault = _fault(len(ordered), len(ids), len(found), len(snapshot.applications))
        if fault is None:
            return found
        complain(f"policy {name_of(policy)} returned {fault}; FIFO takes over for this pass")
    return [known[application.id] for application in by_submission(snapshot.applications)]


def it_failed(policy: Policy, error: BaseException) -> str:
    """Say that a policy failed."""
    return f"policy {name_of(policy)} failed ({_words(error)}); FIFO takes over for this pass"


def _ask(policy: Policy, snapshot: Snapshot) -> Iterable[Application]:
    # A copy of the list: a policy that sorts in place must not touch the caller's.
    arranging = with_method(policy, "arrange", Arranging)
    if arranging is not None:
        return arranging.arrange(replace(snapshot, applications=list(snapshot.applications)))
    return policy.order(list(snapshot.applications), snapshot.now)


def _fault(returned: int, different: int, known: int, asked: int) -> str | None:
    if different < returned:
        return "an execution twice"
    if known < different:
        return "an execution that it was not given"
    missing = asked - known
    return f"{missing} execution{'' if missing == 1 else 's'} too few" if missing else None


class Chooser:
    """The placement, watched: once it did wrong, the first candidate is taken for the rest of the pass."""

    def __init__(self, placement: Placement, complain: Callable[[str], object]) -> None:
        self._placement = placement
        self._complain = complain
        self._trusted = True
        # Both, or it is asked to choose.
        scoring = with_method(placement, "scores", Scoring) and with_method(placement, "score", Scoring)
        self.scores = scoring.scores if scoring is not None else None
        """What rates nodes, if they are to be compared; whoever asks it tells of what it raises."""
        self.score = scoring.score if scoring is not None else None
        """What rates one node."""

    def score_failed(self, error: BaseException) -> None:
        """Ask for no score again in this pass."""
        self._distrust(f"failed ({_words(error)})")

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> int:
        """Return the number, among the candidates, of the one that was chosen."""
        if self._trusted:
            try:
                chosen = self._placement.choose(part, list(candidates), free)
                return [node.name for node in candidates].index(chosen.name)
            except ValueError:
                self._distrust("chose a node that was not a candidate")
            except FAULTS as error:
                self._distrust(f"failed ({_words(error)})")
        return 0

    def _distrust(self, fault: str) -> None:
        self._trusted, self.scores, self.score = False, None, None
        self._complain(f"placement {name_of(self._placement)} {fault}; the first candidate is taken for this pass")


def with_method(plugin: object, method: str, kind: type[P]) -> P | None:  # noqa: ARG001 - for the type checker
    """Return a plugin as one of a kind that has this method; None if it has not."""
    # isinstance with a protocol takes fifty times as long, and is asked at each pass.
    return cast(P, plugin) if callable(getattr(plugin, method, None)) else None


def name_of(plugin: object) -> str:
    """Return the name by which a log names a plugin."""
    return str(getattr(plugin, "name", type(plugin).__name__))


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
