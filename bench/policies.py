"""Flexible scheduling against rigid, under the same policies: made-up workloads over seeds, and a trace."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from random import Random
from statistics import fmean, stdev
from tempfile import gettempdir

from bench.report import Figure, main
from zoe.plugin import Deployment, Placement, Policy
from zoe.plugin.manager import PluginManager
from zoe.simulation import swf
from zoe.simulation.comparison import Case, Compared, Contest, compare
from zoe.simulation.measures import ALL, Results, over_seeds
from zoe.simulation.synthetic import Mix, generate
from zoe.simulation.workload import Kind, Mode, Workload

_DEPLOYMENT = Deployment("bench", "bench", Path(gettempdir()))
_ESTIMATE_ERROR = 0.5
_CLASSES = (ALL, *(kind.value for kind in Kind))


def _measure(arguments: Namespace) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    mix = Mix(arguments.applications, arguments.load)
    if arguments.seeds:
        made_up = _compare(arguments, lambda random: generate(random, mix), arguments.seeds)
        figures |= _told(f"synthetic, {mix.applications} applications, {arguments.seeds} seeds", "synthetic", made_up)
    if arguments.trace:
        conversion = swf.Conversion(limit=arguments.jobs)

        def trace(random: Random) -> Workload:
            return swf.read(arguments.trace, random, conversion).at_load(arguments.load)

        found = _compare(arguments, trace, arguments.trace_seeds)
        figures |= _told(f"{arguments.trace.name}, {arguments.trace_seeds} seeds", "trace", found)
    return figures


def _compare(arguments: Namespace, source: Callable[[Random], Workload], seeds: int) -> list[Compared]:
    plugins = PluginManager().load()

    @lru_cache(maxsize=1)
    def workload(seed: int) -> Workload:
        random = Random(seed)
        return source(random).with_estimates(random, _ESTIMATE_ERROR)

    policies = {name: _maker(plugins, name) for name in arguments.policy}
    placements = {arguments.placement: lambda: plugins.make(Placement, arguments.placement, {}, _DEPLOYMENT)}
    return compare(Contest(workload, policies, placements, list(Mode), range(1, seeds + 1)))


def _maker(plugins: PluginManager, name: str) -> Callable[[], Policy]:
    return lambda: plugins.make(Policy, name, {}, _DEPLOYMENT)


def _told(title: str, prefix: str, compared: Sequence[Compared]) -> dict[str, Figure]:
    """Print the table of one workload; return its figures."""
    print(f"\n{title}: mean turnaround in minutes (± standard deviation over seeds)\n")
    print(f"| policy | mode | {' | '.join(_CLASSES)} | queued, min | slowdown | cores | taken back | work lost |")
    print(f"| --- | --- |{' ---: |' * (len(_CLASSES) + 5)}")
    for one in compared:
        print(_line(one))
    pairs = _pairs(compared)
    _print_pairs(pairs)
    figures = {f"{prefix}_{_key(one.case)}_{name}": it for one in compared for name, it in _figures(one.results)}
    return figures | {f"{prefix}_{name}_change": Figure(fmean(changes), "%") for name, changes in pairs.items()}


def _pairs(compared: Sequence[Compared]) -> dict[str, list[float]]:
    """Return for each policy what flexible changes in the mean turnaround of each seed, percent."""
    of = {(one.case.policy, one.case.mode): one.results for one in compared}
    return {
        policy: [
            100 * (ours.classes[ALL].turnaround.mean / theirs.classes[ALL].turnaround.mean - 1)
            for ours, theirs in zip(of[policy, Mode.FLEXIBLE], of[policy, Mode.RIGID], strict=True)
        ]
        for policy in dict.fromkeys(one.case.policy for one in compared)
    }


def _print_pairs(pairs: Mapping[str, Sequence[float]]) -> None:
    print("\n| policy | turnaround, flexible against rigid with the same seed | seeds in which flexible is faster |")
    print("| --- | ---: | ---: |")
    for policy, changes in pairs.items():
        deviation = stdev(changes) if len(changes) > 1 else 0.0
        faster = sum(change < 0 for change in changes)
        print(f"| {policy} | {fmean(changes):+.1f} % ± {deviation:.1f} % | {faster} of {len(changes)} |")
    print(flush=True)


def _line(one: Compared) -> str:
    times = [_minutes(one.results, lambda it, name=name: it.classes[name].turnaround.mean)  # type: ignore[misc]
             if name in one.results[0].classes else "-" for name in _CLASSES]  # fmt: skip
    queued = _minutes(one.results, lambda it: it.classes[ALL].queued.mean)
    slow, cores, taken, lost = (_mean(one.results, of) for of in _MEANS)
    cells = [*times, queued, f"{slow:.2f}", f"{100 * cores:.1f} %", f"{taken:.0f}", f"{100 * lost:.2f} %"]
    return f"| {one.case.policy} | {one.case.mode} | {' | '.join(cells)} |"


_MEANS: tuple[Callable[[Results], float], ...] = (
    lambda it: it.classes[ALL].slowdown.mean,
    lambda it: it.cores,
    lambda it: it.classes[ALL].taken,
    lambda it: it.classes[ALL].lost,
)


def _minutes(results: Sequence[Results], of: Callable[[Results], float]) -> str:
    figure = over_seeds([of(one) / 60 for one in results])
    return f"{figure.mean:.1f} ± {figure.deviation:.1f}"


def _mean(results: Sequence[Results], of: Callable[[Results], float]) -> float:
    return over_seeds([of(one) for one in results]).mean


def _figures(results: Sequence[Results]) -> list[tuple[str, Figure]]:
    return [
        ("turnaround", Figure(_mean(results, lambda it: it.classes[ALL].turnaround.mean), "s")),
        ("turnaround_p95", Figure(_mean(results, lambda it: it.classes[ALL].turnaround.p95), "s")),
        ("queued", Figure(_mean(results, lambda it: it.classes[ALL].queued.mean), "s")),
        ("slowdown", Figure(_mean(results, lambda it: it.classes[ALL].slowdown.mean), "")),
        ("cores", Figure(100 * _mean(results, lambda it: it.cores), "%")),
        ("lost", Figure(100 * _mean(results, lambda it: it.classes[ALL].lost), "%")),
        ("never", Figure(_mean(results, lambda it: it.classes[ALL].never), "")),
    ]


def _key(case: Case) -> str:
    return f"{case.policy}_{case.mode}"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--policy", nargs="+", default=["fifo", "size", "dynsize", "srpt", "hrrn", "fairshare"])
    parser.add_argument("--placement", default="average")
    parser.add_argument("--applications", type=int, default=1000)
    parser.add_argument("--load", type=float, default=0.9, help="offered load, of both workloads")
    parser.add_argument("--seeds", type=int, default=10, help="of the made-up workload; 0 leaves it out")
    parser.add_argument("--trace", type=Path, help="a trace in the Standard Workload Format")
    parser.add_argument("--jobs", type=int, default=2_000_000, help="how many jobs of the trace, at most")
    parser.add_argument("--trace-seeds", type=int, default=3, help="which jobs are elastic is drawn so often")


if __name__ == "__main__":
    main("policies", "flexible scheduling against rigid, under the same policies", _measure, _options)
