"""What takes over where a policy or a placement fails: nothing that anybody could get wrong."""

from collections.abc import Mapping, Sequence

from zoe.scheduling.guard import by_submission
from zoe.scheduling.model import Application, Node, Part, Resources


class FirstComeFirstServed:
    """A policy and a placement: the order of submission, and the first node that has the room."""

    name = "first come, first served"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002
        """Return the executions in the order of their submission."""
        return by_submission(applications)

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:  # noqa: ARG002
        """Return the first candidate."""
        return candidates[0]
