"""The scheduler with a memory: it gives the same plans as `plan()`, at a cost that follows what changed."""

from collections.abc import Sequence

from zoe.scheduling.cores import start_cores
from zoe.scheduling.elastic import start_elastic, start_opportunistic
from zoe.scheduling.model import Node, Placement, Plan, Policy, Snapshot
from zoe.scheduling.ordering import Ordering
from zoe.scheduling.passing import Pass
from zoe.scheduling.register import Register
from zoe.scheduling.remembered import Memory
from zoe.scheduling.waits import Waits


class Planner:
    """Makes plans one after the other.

    Keep one, and in each snapshot pass the very objects of the last one for the executions that did not change
    (and the same sequence of nodes, if none changed): only what is another object is looked at again.
    """

    _sound: bool
    _register: Register
    _ordering: Ordering
    _nodes: Sequence[Node]
    _remembered: Memory

    def __init__(self, policy: Policy, placement: Placement) -> None:
        self.policy = policy
        self.placement = placement
        self._forget()

    def plan(self, snapshot: Snapshot) -> Plan:
        """Decide what starts now and where, what is taken back for whom, and why the others wait.

        It may be interrupted anywhere, by any exception: what half a pass has counted is then counted anew.
        """
        if not self._sound:
            self._forget()
        self._sound = False
        decided = self._decide(snapshot)
        self._sound = True
        return decided

    def _forget(self) -> None:
        self._sound, self._register, self._ordering = True, Register(), Ordering(self.policy)
        self._nodes, self._remembered = (), Memory()

    def _decide(self, snapshot: Snapshot) -> Plan:
        self._register.take_in(snapshot)
        decided = Plan()
        regular, opportunistic = self._ordering.of(snapshot, self._register, decided.complaints.append)
        current = Pass.begin(snapshot, self._register, self.placement, regular, opportunistic, decided, self._memory())
        start_cores(current, regular)
        start_elastic(current, current.wanting)
        start_opportunistic(current, opportunistic)
        decided.waits = Waits.after(current)
        return decided

    def _memory(self) -> Memory:
        if self._register.nodes is not self._nodes:  # their numbers mean others now
            self._nodes, self._remembered = self._register.nodes, Memory()
        return self._remembered
