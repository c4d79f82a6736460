"""How a bench tells what it found: the machine, a table, and with `--json FILE` the same for programs."""

import argparse
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, and what was aimed at (a sentence such as "below 150"), if anything."""

    value: float
    unit: str
    aim: str = ""


def machine() -> dict[str, object]:
    """Tell what a figure was measured on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / (1 << 30), 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def main(name: str, summary: str, measure: Callable[[argparse.Namespace], dict[str, Figure]],
         options: Callable[[argparse.ArgumentParser], object] | None = None) -> None:  # fmt: skip
    """Read the command line, measure, and report."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=summary)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    if options is not None:
        options(parser)
    arguments = parser.parse_args()
    on = machine()
    print(f"{name}: {summary}")
    print(f"on {on['processor']}, {on['cores']} cores, {on['memory_gib']} GiB, {on['system']}, Python {on['python']}, "
          f"load {on['load_before']}", flush=True)  # fmt: skip
    figures = measure(arguments)
    for key, figure in figures.items():
        print(f"  {key:20} {figure.value:12.4g} {figure.unit:8} {figure.aim and f'(aim: {figure.aim})'}")
    if arguments.json:
        found = {"bench": name, "machine": on, "figures": {key: asdict(figure) for key, figure in figures.items()}}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
