"""The scheduler of one simulation: the planner that the master uses, and what it complained about."""

from zoe.scheduling.model import Placement, Plan, Policy, Snapshot
from zoe.scheduling.planner import Planner


class Scheduler:
    """Plans as the master does: a policy or placement that fails is named, and something simple takes over.

    `half_life`: of what owners held lately, seconds; None for a policy that does not ask for it.
    `complaints`: what was wrong, a sentence each, with the number of passes.
    """

    def __init__(self, policy: Policy, placement: Placement) -> None:
        half_life = getattr(policy, "half_life", None)
        self.half_life = float(half_life) if isinstance(half_life, (int, float)) else None
        self._planner = Planner(policy, placement)
        self.complaints: dict[str, int] = {}

    def __call__(self, snapshot: Snapshot) -> Plan:
        """Decide what starts, what is taken back and what waits."""
        decided = self._planner.plan(snapshot)
        for complaint in decided.complaints:
            self.complaints[complaint] = self.complaints.get(complaint, 0) + 1
        return decided
