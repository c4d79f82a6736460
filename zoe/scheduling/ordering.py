"""The executions of a snapshot in policy order: what did not change keeps its place, if the policy allows that."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from zoe.scheduling.guard import FAULTS, by_submission, in_order, it_failed, with_method
from zoe.scheduling.model import Arranging, Keyed, Policy, Snapshot
from zoe.scheduling.register import Known, Register

Place = tuple[float, ...]
"""What a policy sorts an execution by, and its id."""
_MANY, _FEW = 4, 50
"""If one in so many changed, to sort all again is less work than to find each its place; so few are found theirs."""


class Line:
    """The opportunistic executions, or the others, in the order of a policy that goes by each of them alone."""

    def __init__(self, policy: Keyed, *, opportunistic: bool) -> None:
        self._key = policy.key
        self._opportunistic = opportunistic
        self._places: list[Place] = []
        self.known: list[Known] = []

    def take_in(self, changed: Mapping[int, Known | None] | None, known: Mapping[int, Known]) -> None:
        """Give those their place that changed (what they were before; None: all); who is not known any more leaves.

        Raises whatever the policy does, and what comparing its keys does. The line is of no use then.
        """
        if changed is None or len(changed) > max(_FEW, len(self._places) // _MANY):
            self._sort_again(known)
            return
        for id_, before in changed.items():
            self._take(self._mine(before), self._mine(known.get(id_)))

    def _mine(self, one: Known | None) -> Known | None:
        return one if one is not None and one.app.opportunistic == self._opportunistic else None

    def _place(self, one: Known) -> Place:
        return (*self._key(one.app), one.app.id)

    def _sort_again(self, known: Mapping[int, Known]) -> None:
        mine = [one for one in known.values() if one.app.opportunistic == self._opportunistic]
        self._places = sorted(map(self._place, mine))
        self.known = [known[int(place[-1])] for place in self._places]

    def _take(self, before: Known | None, now: Known | None) -> None:
        new = None if now is None else self._place(now)
        if before is not None:
            old = self._place(before)
            here = bisect_left(self._places, old)
            if self._places[here : here + 1] != [old]:
                raise ValueError("it sorts by something that is not always the same")
            if now is not None and old == new:
                self.known[here] = now
                return
            del self._places[here], self.known[here]
        if now is not None and new is not None:
            here = bisect_left(self._places, new)
            self._places.insert(here, new)
            self.known.insert(here, now)


class Ordering:
    """Asks the policy; FIFO takes over for a pass in which it does wrong."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._keyed = None if with_method(policy, "arrange", Arranging) else with_method(policy, "key", Keyed)
        self._lines: tuple[Line, Line] | None = None

    def of(
        self, snapshot: Snapshot, register: Register, complain: Callable[[str], object]
    ) -> tuple[Sequence[Known], Sequence[Known]]:
        """Return the regular executions in their order, and the opportunistic ones in theirs."""
        if self._keyed is not None:
            return self._in_line(self._keyed, snapshot, register, complain)
        if not register.opportunistic:
            return in_order(self._policy, snapshot, register.known, complain), ()
        regular, others = _split(snapshot)
        return (
            in_order(self._policy, regular, _those(regular, register), complain),
            in_order(self._policy, others, _those(others, register), complain),
        )

    def _in_line(
        self, policy: Keyed, snapshot: Snapshot, register: Register, complain: Callable[[str], object]
    ) -> tuple[Sequence[Known], Sequence[Known]]:
        # Nobody has a place any more if this ends by an exception.
        lines, self._lines = self._lines, None
        changed = register.changed
        if lines is None:
            lines, changed = (Line(policy, opportunistic=False), Line(policy, opportunistic=True)), None
        try:
            lines[0].take_in(changed, register.known)
            if register.opportunistic or lines[1].known:
                lines[1].take_in(changed, register.known)
        except FAULTS as error:
            complain(it_failed(self._policy, error))
            regular, others = _split(snapshot)
            return _by_submission(regular, register), _by_submission(others, register)
        self._lines = lines
        return lines[0].known, lines[1].known


def _split(snapshot: Snapshot) -> tuple[Snapshot, Snapshot]:
    regular = replace(snapshot, applications=[app for app in snapshot.applications if not app.opportunistic])
    others = replace(snapshot, applications=[app for app in snapshot.applications if app.opportunistic])
    return regular, others


def _those(snapshot: Snapshot, register: Register) -> Mapping[int, Known]:
    return {app.id: register.known[app.id] for app in snapshot.applications}


def _by_submission(snapshot: Snapshot, register: Register) -> Sequence[Known]:
    return [register.known[app.id] for app in by_submission(snapshot.applications)]
