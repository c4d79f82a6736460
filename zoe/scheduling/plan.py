"""The scheduling pass as a pure function."""

from zoe.scheduling.model import Placement, Plan, Policy, Snapshot
from zoe.scheduling.planner import Planner


def plan(snapshot: Snapshot, policy: Policy, placement: Placement) -> Plan:
    """Decide what starts now and where, what is taken back for whom, and why the others wait.

    1. Core services in policy order, all of an execution's or none. Where there is no room, elastic services of
       running executions are taken back, last in order first and no more than needed; the core starts in a later pass.
    2. The first that must wait for others to end is the head: those after it start only if they cannot delay it.
    3. Elastic services get what is left, in policy order; whoever waits for room that is on its way keeps it.
    4. Opportunistic executions get the rest, and go first, whole.

    The same snapshot gives the same plan. Who plans again and again keeps a `Planner`: the same plans, faster.
    """
    return Planner(policy, placement).plan(snapshot)
