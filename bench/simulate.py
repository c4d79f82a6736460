"""How long it takes to simulate applications on virtual time, with the scheduler that the master uses, on one core."""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from random import Random
from tempfile import gettempdir

from bench.report import Figure, main
from zoe.plugin import Deployment, Placement, Policy
from zoe.plugin.manager import PluginManager
from zoe.simulation.engine import simulate
from zoe.simulation.measures import measure
from zoe.simulation.planning import Scheduler
from zoe.simulation.synthetic import Mix, generate
from zoe.simulation.workload import Mode

_DEPLOYMENT = Deployment("bench", "bench", Path(gettempdir()))


def _measure(arguments: Namespace) -> dict[str, Figure]:
    plugins = PluginManager().load()
    scheduler = Scheduler(
        plugins.make(Policy, arguments.policy, {}, _DEPLOYMENT),
        plugins.make(Placement, arguments.placement, {}, _DEPLOYMENT),
    )
    random = Random(1)
    workload = generate(random, Mix(arguments.applications, arguments.load)).with_estimates(random, 0.5)
    workload = workload.in_mode(Mode(arguments.mode))
    began, processor = time.perf_counter(), time.process_time()
    outcome = simulate(workload, scheduler, half_life=scheduler.half_life)
    seconds, busy = time.perf_counter() - began, time.process_time() - processor
    results = measure(outcome)
    return {
        "applications": Figure(len(outcome.records), ""),
        "seconds": Figure(seconds, "s", "below 60" if arguments.applications == 100_000 else ""),
        "cpu_seconds": Figure(busy, "s"),
        "per_second": Figure(len(outcome.records) / seconds, "1/s"),
        "plans": Figure(outcome.plans, ""),
        "us_per_plan": Figure(1e6 * seconds / outcome.plans, "us"),
        "simulated_days": Figure(results.makespan / 86400, "d"),
        "cores_allocated": Figure(100 * results.cores, "%"),
        "never_started": Figure(results.classes["all"].never, ""),
    }


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--applications", type=int, default=100_000)
    parser.add_argument("--load", type=float, default=0.7, help="offered load, a share of the cluster")
    parser.add_argument("--policy", default="fifo")
    parser.add_argument("--placement", default="average")
    parser.add_argument("--mode", default="flexible", choices=[mode.value for mode in Mode])


if __name__ == "__main__":
    main("simulate", "applications on 25 nodes of 32 cores, on virtual time and one core", _measure, _options)
