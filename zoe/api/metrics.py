"""/metrics, for Prometheus: what runs and waits, how full the cluster is, and how Zoe itself fares.

What the database knows is asked when somebody looks; what only this process knows (ticks, requests, ends) is counted.
"""

from collections.abc import Iterable, Iterator

import falcon
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from zoe.api.operation import Need, Resource, admit
from zoe.state import cluster
from zoe.state.backfill_books import books
from zoe.state.database import Database

_ACTIVE = ("submitted", "queued", "starting", "running", "cleaning up")
_OUTCOMES = ("done", "failed", "made_room")


class MetricsPage(Resource):
    """The page itself; for those who may see the status: Prometheus signs in with a token or a password."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer in the text format of Prometheus."""
        database = self.collaborators.database
        with database.session():
            admit(self, req, Need.SEE_STATUS)
            asked = CollectorRegistry()
            asked.register(_Asked(database))
            resp.data = generate_latest(asked) + generate_latest(self.collaborators.metrics.registry)
        resp.content_type = CONTENT_TYPE_LATEST


class _Asked(Collector):
    """What the database knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """Describe nothing beforehand: otherwise everything would be asked twice."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Ask."""
        yield from _executions(self._database)
        yield from _platform(self._database)
        yield from _backfill(self._database)


def _executions(database: Database) -> Iterator[Metric]:
    counts = cluster.active_counts(database)
    executions = GaugeMetricFamily("zoe_executions", "Executions that have not ended.", labels=["status"])
    for status in _ACTIVE:
        executions.add_metric([status], counts.get(status, 0))
    yield executions
    waiting = counts.get("submitted", 0) + counts.get("queued", 0)
    yield GaugeMetricFamily("zoe_queue_length", "Executions that wait.", value=waiting)


def _platform(database: Database) -> Iterator[Metric]:
    nodes = cluster.nodes(database)
    online = GaugeMetricFamily("zoe_nodes", "Machines.", labels=["status"])
    for status in ("online", "offline"):
        online.add_metric([status], sum(node["status"] == status for node in nodes))
    yield online
    for what, unit in (("cores", "zoe_cores"), ("memory", "zoe_memory_bytes")):
        for which in ("total", "reserved", "in_use"):
            amount = sum(node[f"{what}_{which}"] for node in nodes if node["status"] == "online" or which != "total")
            # A gauge must not end in `_total`.
            suffix = "capacity" if which == "total" else which
            yield GaugeMetricFamily(f"{unit}_{suffix}", f"{what.capitalize()} {which.replace('_', ' ')}.", value=amount)


def _backfill(database: Database) -> Iterator[Metric]:
    hours = CounterMetricFamily("zoe_backfill_core_hours", "Core hours given.", labels=["backfill"])
    tasks = CounterMetricFamily("zoe_backfill_tasks", "How executions left.", labels=["backfill", "outcome"])
    running = GaugeMetricFamily("zoe_backfill_running", "Executions that run now.", labels=["backfill"])
    for name, book in books(database).items():
        hours.add_metric([name], book["core_hours"])
        running.add_metric([name], book["running"])
        for outcome in _OUTCOMES:
            tasks.add_metric([name, outcome], book[outcome])
    yield from (hours, tasks, running)
