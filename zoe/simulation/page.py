"""A page with the curves of a comparison: one file, no script, nothing from outside."""

from collections.abc import Sequence
from html import escape

from zoe.simulation.chart import Axes, Line, draw, style
from zoe.simulation.comparison import Compared
from zoe.simulation.workload import Workload

_POINTS = 300
_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #222; --faint: #ddd; }
@media (prefers-color-scheme: dark) { :root { --paper: #181a1b; --ink: #ddd; --faint: #3a3d3f; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; max-width: 900px;
       margin: 2em auto; padding: 0 1em; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.grid { stroke: var(--faint); stroke-width: 1; } h2 { font-size: 1.05em; margin: 1.6em 0 .3em; }
ul { list-style: none; padding: 0; columns: 2; } li svg { width: 34px; height: 8px; margin-right: .5em; }
p { margin: .3em 0; }
"""
_HOURS = 3600.0


def page(workload: Workload, seeds: Sequence[int], compared: Sequence[Compared]) -> str:
    """Return the HTML of a comparison. The course of things is the first seed's, the distribution that of all."""
    first = f"seed {seeds[0]}"
    parts = [
        _chart(f"Applications that wait ({first})", compared, 0, "waiting"),
        _chart(f"Cores allocated, percent ({first})", compared, 1, "percent of all cores"),
        _chart(f"Memory allocated, percent ({first})", compared, 2, "percent of all memory"),
        _distribution(compared, seeds),
    ]
    title = f"Zoe simulation: {escape(workload.name)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{title}</h1>{_about(workload, seeds)}{_legend(compared)}{''.join(parts)}</body></html>\n"
    )


def _about(workload: Workload, seeds: Sequence[int]) -> str:
    cores = sum(node.total.cores for node in workload.nodes)
    words = [
        f"{len(workload.submissions)} applications on {len(workload.nodes)} nodes with {cores:g} cores; offered load "
        f"{workload.offered_load:.2f}; {len(seeds)} seed{'' if len(seeds) == 1 else 's'}.",
        *workload.remarks,
    ]
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in words)


def _legend(compared: Sequence[Compared]) -> str:
    return f"<ul>{''.join(_entry(one, *style(index)) for index, one in enumerate(compared))}</ul>"


def _entry(one: Compared, colour: str, dashes: str) -> str:
    line = f'<line x1="0" x2="34" y1="4" y2="4" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes}"/>'
    return f'<li><svg viewBox="0 0 34 8">{line}</svg>{escape(str(one.case))}</li>'


def _chart(title: str, compared: Sequence[Compared], column: int, up: str) -> str:
    factor = 100.0 if column else 1.0
    lines = [
        Line(str(one.case), [(at / _HOURS, columns[column] * factor) for at, columns in one.course]) for one in compared
    ]
    axes = Axes("hours", up, top=100.0 if column else 0.0)
    return f"<h2>{escape(title)}</h2>{draw(lines, axes)}"


def _distribution(compared: Sequence[Compared], seeds: Sequence[int]) -> str:
    lines = [Line(str(one.case), _cumulated(one.turnarounds)) for one in compared]
    axes = Axes("turnaround, seconds", "percent of applications", log=True, top=100.0)
    over = "" if len(seeds) == 1 else f" ({len(seeds)} seeds)"
    return f"<h2>Turnaround: how many applications took at most so long{over}</h2>{draw(lines, axes)}"


def _cumulated(times: Sequence[float]) -> list[tuple[float, float]]:
    ordered = sorted(times)
    step = max(1, len(ordered) // _POINTS)
    shares = [(value, 100.0 * (rank + 1) / len(ordered)) for rank, value in enumerate(ordered)]
    return [*shares[::step], *shares[-1:]]
