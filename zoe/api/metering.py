"""What this process counts of itself: ticks, requests, ends of executions. `zoe.api.metrics` shows it."""

import time

import falcon
from prometheus_client import CollectorRegistry, Counter, Histogram

from zoe.plugin import ExecutionChange

_TICKS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_ENDED = ("terminated", "error")


class Metrics:
    """What this process counts. Used by many threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._ticks = Histogram("zoe_tick_seconds", "Length of a tick.", registry=self.registry, buckets=_TICKS)
        labels = ["method", "route", "status"]
        self._requests = Histogram(
            "zoe_api_request_seconds", "Time to answer.", labels, registry=self.registry, buckets=_REQUESTS
        )
        self._ended = Counter(
            "zoe_executions_ended", "Executions that ended since Zoe started.", ["status"], registry=self.registry
        )
        for status in _ENDED:
            self._ended.labels(status)

    def ticked(self, seconds: float) -> None:
        """Count a tick of the master."""
        self._ticks.observe(seconds)

    def changed(self, change: ExecutionChange) -> None:
        """Count an end."""
        if change.after in _ENDED:
            self._ended.labels(change.after).inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is a template, so that strangers cannot make up new ones."""
        self._requests.labels(method, route, str(status)).observe(seconds)


class RequestMeter:
    """Middleware that counts requests."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Look at the clock."""
        req.context.began = time.perf_counter()

    def process_response(self, req: falcon.Request, resp: falcon.Response, resource: object, _succeeded: bool) -> None:
        """Count, when the answer is made (a followed log goes on after that)."""
        route = req.uri_template if resource is not None else None
        method = req.method if route is not None and req.method in falcon.COMBINED_METHODS else "-"
        seconds = time.perf_counter() - getattr(req.context, "began", time.perf_counter())
        self._metrics.answered(method, route or "-", resp.status_code, seconds)
