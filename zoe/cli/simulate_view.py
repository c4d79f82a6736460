"""What a simulation found, for a person's eyes."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.markup import escape

from zoe.cli import formatting as fmt
from zoe.cli import views
from zoe.errors import ZoeError
from zoe.simulation.comparison import Compared
from zoe.simulation.document import document, names_of_classes
from zoe.simulation.measures import Measures, Results, over_seeds
from zoe.simulation.page import page
from zoe.simulation.workload import Workload

T = TypeVar("T", Measures, Results)
_NUMBERS = ("TURNAROUND", "MEDIAN", "95 %", "QUEUED", "SLOWDOWN", "TAKEN", "LOST", "NEVER")


def tables(workload: Workload, seeds: Sequence[int], compared: Sequence[Compared]) -> RenderableType:
    """Lay out everything: a table of the cluster, one of each class, and what there is to remark."""
    classes = names_of_classes([result for one in compared for result in one.results])
    shown = [_about(workload, seeds), _cluster(compared)]
    shown += [_class(name, compared) for name in classes]
    return Group(*shown, *_remarks(workload, compared))


def as_json(workload: Workload, seeds: Sequence[int], compared: Sequence[Compared]) -> str:
    """Return the JSON that `--json` prints."""
    return json.dumps(document(workload, seeds, compared), indent=2, allow_nan=False) + "\n"


def check_plot(path: Path) -> None:
    """Raise `ZoeError` if a plot cannot be asked for by this name."""
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ZoeError(
            f"The plot is a page, and {str(path)[:80]!r} is no name for one: write {path.stem or 'plot'}.html."
        )


def draw(path: Path, workload: Workload, seeds: Sequence[int], compared: Sequence[Compared]) -> None:
    """Write the page with the curves."""
    try:
        path.write_text(page(workload, seeds, compared), encoding="utf-8")
    except OSError as error:
        raise ZoeError(f"The plot cannot be written to {path}: {error.strerror}.") from error


def _about(workload: Workload, seeds: Sequence[int]) -> str:
    cores = fmt.number(sum(node.total.cores for node in workload.nodes))
    times = f"{len(seeds)} seed{'' if len(seeds) == 1 else 's, mean ± standard deviation over them'}"
    return (
        f"{escape(workload.name)}: {len(workload.submissions)} applications on {len(workload.nodes)} nodes with "
        f"{cores} cores, offered load {workload.offered_load:.2f}; {times}"
    )


def _cluster(compared: Sequence[Compared]) -> RenderableType:
    right = ("CORES", "MEMORY", "QUEUE", "MAKESPAN")
    made = views.table("\nTHE CLUSTER", *right, right=right)
    for one in compared:
        made.add_row(
            escape(str(one.case)),
            _figure(one.results, lambda it: it.cores, _share),
            _figure(one.results, lambda it: it.memory, _share),
            _figure(one.results, lambda it: it.waiting, lambda value: f"{value:.1f}"),
            _figure(one.results, lambda it: it.makespan, _time),
        )
    return made


def _class(name: str, compared: Sequence[Compared]) -> RenderableType:
    made = views.table(f"\n{name.upper()}", *_NUMBERS, right=_NUMBERS)
    for one in compared:
        found = [result.classes[name] for result in one.results if name in result.classes]
        made.add_row(escape(str(one.case)), *_cells(found))
    return made


def _cells(found: Sequence[Measures]) -> Iterator[str]:
    yield _figure(found, lambda it: it.turnaround.mean, _time)
    yield _mean(found, lambda it: it.turnaround.median, _time)
    yield _mean(found, lambda it: it.turnaround.p95, _time)
    yield _figure(found, lambda it: it.queued.mean, _time)
    yield _figure(found, lambda it: it.slowdown.mean, lambda value: f"{value:.2f}")
    yield _mean(found, lambda it: it.taken, lambda value: f"{value:.0f}")
    yield _mean(found, lambda it: it.lost, _share)
    yield _mean(found, lambda it: it.never, lambda value: f"{value:.3g}")


def _figure(found: Sequence[T], of: Callable[[T], float], write: Callable[[float], str]) -> str:
    figure = over_seeds([of(one) for one in found])
    if math.isnan(figure.mean):
        return "-"
    return write(figure.mean) + (f" ± {write(figure.deviation)}" if len(found) > 1 else "")


def _mean(found: Sequence[T], of: Callable[[T], float], write: Callable[[float], str]) -> str:
    figure = over_seeds([of(one) for one in found])
    return "-" if math.isnan(figure.mean) else write(figure.mean)


def _time(seconds: float) -> str:
    # One unit and three digits: a table of times is read by comparing them.
    for length, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def _share(value: float) -> str:
    return f"{100 * value:.2g} %" if 0 < value < 0.01 else f"{100 * value:.1f} %"


def _remarks(workload: Workload, compared: Sequence[Compared]) -> Iterator[str]:
    for remark in workload.remarks:
        yield f"[yellow]{escape(remark)}[/]"
    for one in compared:
        for reason, count in one.never.items():
            yield f"[yellow]{escape(str(one.case))}: {count} never started: {escape(reason)}[/]"
        for complaint, count in one.complaints.items():
            yield f"[red]{escape(str(one.case))}: in {count} passes: {escape(complaint)}[/]"
