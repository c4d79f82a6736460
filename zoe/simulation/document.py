"""What a comparison found, for programs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from zoe.simulation.comparison import Compared
from zoe.simulation.measures import Measures, OverSeeds, Results, Spread, over_seeds
from zoe.simulation.workload import Workload


def document(workload: Workload, seeds: Sequence[int], compared: Sequence[Compared]) -> dict[str, Any]:
    """Return everything as JSON knows it. Seconds, shares from 0 to 1; each figure with its deviation over the seeds.

    `workload` is the first seed's.
    """
    return {
        "workload": {
            "name": workload.name,
            "applications": len(workload.submissions),
            "nodes": len(workload.nodes),
            "cores": sum(node.total.cores for node in workload.nodes),
            "memory": sum(node.total.memory for node in workload.nodes),
            "offered_load": workload.offered_load,
            "remarks": list(workload.remarks),
        },
        "seeds": list(seeds),
        "cases": [_case(one) for one in compared],
    }


def _case(one: Compared) -> dict[str, Any]:
    classes = {name: dict(_figures(one.results, name)) for name in names_of_classes(one.results)}
    whole = {name: _figure(one.results, name) for name in ("cores", "memory", "waiting", "makespan", "plans")}
    return {
        **asdict(one.case),
        "allocation": {"cores": whole["cores"], "memory": whole["memory"]},
        "waiting": whole["waiting"],
        "makespan_seconds": whole["makespan"],
        "plans": whole["plans"],
        "classes": classes,
        "never_started": one.never,
        "complaints": one.complaints,
    }


def names_of_classes(results: Sequence[Results]) -> list[str]:
    """Return the classes that occur, all applications together first."""
    return list(dict.fromkeys(name for result in results for name in result.classes))


def _figures(results: Sequence[Results], name: str) -> Iterator[tuple[str, object]]:
    found = [result.classes[name] for result in results if name in result.classes]
    for spread in ("turnaround", "queued", "slowdown"):
        unit = "" if spread == "slowdown" else "_seconds"
        yield spread + unit, {part: _over(found, spread, part) for part in Spread.__dataclass_fields__}
    for counted in ("count", "never", "taken"):
        yield counted, _over(found, counted)
    yield "lost_share", _over(found, "lost")


def _over(found: Sequence[Measures], name: str, part: str | None = None) -> dict[str, float | None]:
    values = [getattr(one, name) if part is None else getattr(getattr(one, name), part) for one in found]
    return _json(over_seeds(values))


def _figure(results: Sequence[Results], name: str) -> dict[str, float | None]:
    return _json(over_seeds([getattr(result, name) for result in results]))


def _json(figure: OverSeeds) -> dict[str, float | None]:
    # JSON knows no NaN.
    return {key: None if math.isnan(value) else value for key, value in asdict(figure).items()}
