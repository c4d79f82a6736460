"""What one scheduling pass costs on a large cluster with a long queue."""

import argparse
import gc
import random
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from typing import NamedTuple

from msgspec.structs import replace

from bench.report import Figure, main
from zoe.plugin import Deployment, Placement, Policy
from zoe.plugin.manager import PluginManager
from zoe.scheduling.model import Application, Estimate, Node, Part, Plan, Resources, Snapshot
from zoe.scheduling.planner import Planner

GIB = 1 << 30
_NODES, _RUNNING, _WAITING = 1000, 5000, 10_000
_CHANGES, _ROUNDS = 10, 15


class Site:
    """A cluster of 32 cores and 128 GiB a node, every tenth with GPUs; its queue, and the planner's own plans."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._ids = iter(range(1, 1 << 60))
        self.nodes = [self._node(number) for number in range(_NODES)]
        self.now = 0.0
        self.apps: dict[int, Application] = {}
        # What owners held lately, for the policies that look at it: of fifty, a fiftieth each, more or less.
        self.usage = {f"user{number}": random.Random(number).uniform(0, 0.04) for number in range(50)}

    def _node(self, number: int) -> Node:
        has_gpus = number % 10 == 0
        return Node(f"node{number}", Resources(32.0, 128 * GIB, 4 * has_gpus), frozenset({"gpu"} if has_gpus else ()))

    def submit(self, count: int) -> None:
        """Let executions come."""
        for _ in range(count):
            app = self._application(next(self._ids))
            self.apps[app.id] = app

    def _application(self, id_: int) -> Application:
        # A core of one to three services and up to six elastic ones; amounts that people do ask for.
        draw = self._random
        reserved = Resources(draw.choice([0.5, 2.0, 4.0, 8.0, 12.0, 16.0]), draw.randint(1, 32) * GIB // 2)
        worker = Resources(draw.choice([1.0, 2.0, 4.0]), draw.randint(1, 16) * GIB // 2)
        labels = frozenset({"gpu"}) if draw.random() < 0.05 else frozenset[str]()
        core = [reserved, *[worker] * draw.choice([0, 0, 1, 2])]
        elastic = [worker] * draw.choice([0, 0, 2, 4, 6])
        parts = [Part(next(self._ids), "part", of, n < len(core), labels) for n, of in enumerate([*core, *elastic])]
        lasts = draw.uniform(60, 7200)
        self.now += 0.01
        return Application(id_, f"user{id_ % 50}", self.now, 1, parts, expected=Estimate(lasts, lasts / 2, lasts * 2))

    def snapshot(self) -> Snapshot:
        """Return all as it is."""
        return Snapshot(self.now, self.nodes, list(self.apps.values()), usage=self.usage)

    def carry_out(self, decided: Plan) -> None:
        """Start what starts, and let what is taken back be gone at once."""
        nodes: dict[int, dict[int, str | None]] = {}
        for start in decided.starts:
            nodes.setdefault(start.application, {})[start.part] = start.node
        for stop in decided.stops:
            nodes.setdefault(stop.application, {})[stop.part] = None
        for id_, of in nodes.items():
            app = self.apps[id_]
            parts = [replace(part, node=of.get(part.id, part.node)) for part in app.parts]
            self.apps[id_] = replace(app, parts=parts, running=True, started=app.started or self.now)

    def end(self, count: int) -> None:
        """Let executions end."""
        running = [app.id for app in self.apps.values() if app.running]
        for id_ in self._random.sample(running, count):
            del self.apps[id_]

    def fill(self, planner: Planner, running: int, waiting: int) -> None:
        """Bring it to where so many run and wait: arrivals and ends, as a real site gets there."""
        while True:
            self.submit(2000)
            self.settle(planner)
            inside = sum(app.running for app in self.apps.values())
            if inside >= running or len(self.apps) - inside > 1000:
                break
        for _ in range(3):
            inside = sum(app.running for app in self.apps.values())
            self.submit(max(0, waiting - (len(self.apps) - inside)))
            self.settle(planner)

    def settle(self, planner: Planner) -> None:
        """Plan until nothing is taken back any more."""
        while True:
            decided = planner.plan(self.snapshot())
            self.carry_out(decided)
            if not decided.stops:
                return


class Took(NamedTuple):
    """How long something took, milliseconds: by the clock, and of the processor."""

    wall: float
    busy: float


def _timed(call: Callable[[], object]) -> Took:
    gc.collect()
    begun, processor = time.perf_counter(), time.process_time()
    call()
    return Took((time.perf_counter() - begun) * 1000, (time.process_time() - processor) * 1000)


def _median(times: Iterable[Took]) -> Took:
    walls, busy = zip(*times, strict=True)
    return Took(median(walls), median(busy))


def _maker(policy: str) -> Callable[[], Planner]:
    plugins, deployment = PluginManager().load(), Deployment("bench", "bench", Path(gettempdir()))
    return lambda: Planner(
        plugins.make(Policy, policy, {}, deployment), plugins.make(Placement, "average", {}, deployment)
    )


def _warm(site: Site, planner: Planner) -> list[Took]:
    """Time passes between which some executions ended and as many came."""
    times = []
    for _ in range(_ROUNDS):
        site.end(_CHANGES)
        site.submit(_CHANGES)
        snapshot = site.snapshot()
        plans: list[Plan] = []
        times.append(_timed(lambda snapshot=snapshot, plans=plans: plans.append(planner.plan(snapshot))))  # type: ignore[misc]
        site.carry_out(plans[0])
    return times


def _bytes_per_waiting(make: Callable[[], Planner]) -> float:
    """Measure all that waiting takes: the execution itself, what the planner keeps of it, and its entry in the plan."""
    site, planner = Site(), make()
    planner.plan(site.snapshot())
    site.submit(2000)
    planner.plan(site.snapshot())
    gc.collect()
    tracemalloc.start()
    site.submit(_WAITING)
    kept = planner.plan(Snapshot(site.now, [], list(site.apps.values())))
    gc.collect()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used / len(kept.waits) if kept.waits else 0.0


def _measure(arguments: argparse.Namespace) -> dict[str, Figure]:
    make = _maker(arguments.policy)
    site, planner = Site(), make()
    site.fill(planner, _RUNNING, _WAITING)
    running = sum(app.running for app in site.apps.values())
    print(f"  {len(site.nodes)} nodes, {running} running, {len(site.apps) - running} waiting", flush=True)
    cold = _median(_timed(lambda: make().plan(site.snapshot())) for _ in range(3))
    warm = _warm(site, planner)
    site.submit(9 * _WAITING)
    cold_10x = _median(_timed(lambda: make().plan(site.snapshot())) for _ in range(3))
    site.settle(planner)
    warm_10x = _warm(site, planner)
    # Of the processor's time: a ratio of two waits for a busy machine would tell nothing.
    growth = max(cold_10x.busy / cold.busy, _median(warm_10x).busy / _median(warm).busy)
    return {
        "plan_warm_ms": Figure(_median(warm).wall, "ms", "below 100"),
        "plan_warm_cpu_ms": Figure(_median(warm).busy, "ms"),
        "plan_warm_max_ms": Figure(max(warm).wall, "ms"),
        "plan_cold_ms": Figure(cold.wall, "ms", "below 1000"),
        "plan_cold_cpu_ms": Figure(cold.busy, "ms"),
        "plan_warm_10x_ms": Figure(_median(warm_10x).wall, "ms"),
        "plan_cold_10x_ms": Figure(cold_10x.wall, "ms"),
        "growth_10x": Figure(growth, "times", "at most 13"),
        "bytes_per_waiting": Figure(_bytes_per_waiting(make), "bytes", "below 2048"),
    }


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", default="fifo", help="who comes first")


if __name__ == "__main__":
    main("scheduler", "one plan for 1,000 nodes, 5,000 running and 10,000 waiting executions", _measure, _options)
