"""/backfill: what the idle cluster is given to."""

from pydantic import RootModel

from zoe.api.operation import Call, Need, Resource, operation
from zoe.api.schemas import Answered
from zoe.state.backfill_books import books


class Terms(Answered):
    """When and how much a backfill may run: its share of the cluster (0 to 1), its hours, how long room was free."""

    share: float | None = None
    hours: str | None = None
    idle_minutes: float | None = None


class Given(Answered):
    """What was given, and how many executions have ended well, failed, or made room for others and went on later."""

    core_hours: float
    done: int
    failed: int
    made_room: int


class GivenOnDay(Given):
    """What was given on one day (UTC)."""

    day: str


class Backfill(Given):
    """One backfill. `note`: what is wrong, if anything; `paused_until`: seconds since the epoch, if it pauses."""

    in_use: bool
    terms: Terms
    note: str | None
    paused_until: float | None
    running: int
    waiting: int
    days: list[GivenOnDay]


class BackfillAnswer(RootModel[dict[str, Backfill]]):
    """Backfills by name; under `(users)` what users submitted as opportunistic themselves."""


class Backfills(Resource):
    """What the idle cluster is given to."""

    @operation(Need.API, answer=BackfillAnswer)
    def on_get(self, _call: Call[None]) -> dict[str, object]:
        """List the backfills by name: terms, how they fare, and their books, in all and for the last 31 days."""
        return dict(books(self.collaborators.database))
