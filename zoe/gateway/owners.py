"""Whose executions are that are in no routing table: waiting and ended ones, each asked for once in a while."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from zoe.state.database import Database
from zoe.state.routes import owner_and_status

_MOST = 10_000


class Owners:
    """Knows owners, and which ids are nobody's. Belongs to one event loop."""

    def __init__(self, database: Database, pool: ThreadPoolExecutor) -> None:
        self._database, self._pool = database, pool
        self._known: dict[int, tuple[int, str]] = {}

    async def of(self, execution: int) -> int | None:
        """Return whose an execution is, or None; raises as `look` does."""
        found = await self.look(execution)
        return found[0] if found else None

    async def look(self, execution: int) -> tuple[int, str] | None:
        """Return whose an execution is and its status, or None.

        Raises:
            StateUnavailableError: the database does not answer.

        """
        if execution not in self._known:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, self._ask, execution)
            if found is None:
                return None
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[execution] = found
        return self._known[execution]

    def changed(self, executions: frozenset[int] | None) -> None:
        """Forget these: one may have been removed."""
        for execution in list(self._known) if executions is None else executions:
            self._known.pop(execution, None)

    def _ask(self, execution: int) -> tuple[int, str] | None:
        with self._database.session():
            return owner_and_status(self._database, execution)
