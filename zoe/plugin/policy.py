"""The contract of a scheduling policy: who is served first."""

from abc import abstractmethod
from collections.abc import Sequence

from zoe.plugin.base import Plugin
from zoe.scheduling.model import Application


class Policy(Plugin):
    """Orders executions. Pure: the same executions at the same time give the same order."""

    @abstractmethod
    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        """Return the same executions, the one to serve first at the front. `now` in seconds since the epoch.

        Called from the master's loop: no I/O. One that raises is named in the log and FIFO takes over for that pass.
        The order must not depend on where elastic services are: they are given and taken back by it. A policy that
        must see nodes, quotas or usage has a method `arrange(snapshot)` besides, which is called in place of this one.
        """


class KeyedPolicy(Policy):
    """A policy that goes by each execution alone, whatever the time: a long queue is not sorted anew for who comes."""

    @abstractmethod
    def key(self, application: Application) -> tuple[float, ...]:
        """Return what to sort by; among equals the lower id comes first. The same execution has always the same key."""

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002
        """Sort by `key`."""
        return sorted(applications, key=lambda one: (*self.key(one), one.id))
