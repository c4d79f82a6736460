"""What was given to backfills, as the API shows it. Reading only."""

from typing import Any

from zoe.state.backfill import OF_USERS
from zoe.state.database import Database

DAYS = 31
"""So many days are listed; the sums are over all."""

_SUMS = "sum(core_seconds) / 3600, sum(done)::bigint, sum(failed)::bigint, sum(made_room)::bigint"
_STATES = "SELECT name, in_use, terms, note, paused_until FROM backfill"
_NOW = """
SELECT coalesce(backfill, %s), count(*) FILTER (WHERE status IN ('starting', 'running', 'cleaning up')),
    count(*) FILTER (WHERE status IN ('submitted', 'queued'))
FROM execution WHERE opportunistic AND status NOT IN ('terminated', 'error') GROUP BY 1
"""
_RECENT = """
SELECT name, to_char(day, 'YYYY-MM-DD'), core_seconds / 3600, done, failed, made_room FROM backfill_day
WHERE day > (SELECT max(day) FROM backfill_day) - %s ORDER BY name, day
"""
_COUNTS = ("core_hours", "done", "failed", "made_room")


def books(database: Database) -> dict[str, dict[str, Any]]:
    """Return by backfill: its terms, how it fares, how many run and wait, core hours and counts in all and by day."""
    found: dict[str, dict[str, Any]] = {}
    for name, in_use, terms, note, until in database.rows(_STATES):
        found[name] = _empty() | {"in_use": in_use, "terms": terms, "note": note, "paused_until": until}
    for name, running, waiting in database.rows(_NOW, [OF_USERS]):
        found.setdefault(name, _empty()).update(running=running, waiting=waiting)
    for name, *counts in database.rows(f"SELECT name, {_SUMS} FROM backfill_day GROUP BY name"):  # noqa: S608
        found.setdefault(name, _empty()).update(zip(_COUNTS, counts, strict=True))
    for name, day, *counts in database.rows(_RECENT, [DAYS]):
        found[name]["days"].append({"day": day, **dict(zip(_COUNTS, counts, strict=True))})
    return dict(sorted(found.items()))


def _empty() -> dict[str, Any]:
    state: dict[str, Any] = {"in_use": False, "terms": {}, "note": None, "paused_until": None}
    return state | {"running": 0, "waiting": 0} | dict.fromkeys(_COUNTS, 0) | {"days": []}
