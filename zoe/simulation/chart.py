"""Charts as SVG, written by hand: a page with them needs nothing from anywhere else."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]
# Okabe and Ito's palette: told apart also by the colour-blind; beyond it lines are dashed.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("", "7 4", "2 3", "9 3 2 3")
_WIDTH, _HEIGHT = 860, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 36
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Line:
    """A named curve."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Axes:
    """What stands along the axes. `log`: the horizontal one shows orders of magnitude. `top`: its least upper end."""

    across: str
    up: str
    log: bool = False
    top: float = 0.0


def style(index: int) -> tuple[str, str]:
    """Return the colour and the dashes of the line of this number."""
    return COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]


def draw(lines: Sequence[Line], axes: Axes) -> str:
    """Return the SVG of some curves."""
    points = [point for line in lines for point in line.points if not axes.log or point[0] > 0]
    if not points:
        return "<p>Nothing to show.</p>"
    scale = _Scale.around(points, axes)
    curves = "".join(_curve(line, index, scale) for index, line in enumerate(lines))
    label = escape(f"{axes.up} over {axes.across}", quote=True)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        f"{_grid(scale, axes)}{curves}</svg>"
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Scale:
    left: float
    right: float
    top: float
    log: bool

    @classmethod
    def around(cls, points: Sequence[Point], axes: Axes) -> "_Scale":
        across = [_place(point[0], axes.log) for point in points]
        left, right = min(across), max(across)
        top = max(axes.top, *(point[1] for point in points))
        return cls(left, right if right > left else left + 1, top if top > 0 else 1.0, axes.log)

    def x(self, value: float) -> float:
        share = (_place(value, self.log) - self.left) / (self.right - self.left)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        return round(_HEIGHT - _BOTTOM - value / self.top * (_HEIGHT - _TOP - _BOTTOM), 1)


def _place(value: float, log: bool) -> float:
    return math.log10(value) if log else value


def _curve(line: Line, index: int, scale: _Scale) -> str:
    colour, dashes = style(index)
    path = " ".join(f"{scale.x(x)},{scale.y(y)}" for x, y in line.points if not scale.log or x > 0)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dashed}/>'


def _grid(scale: _Scale, axes: Axes) -> str:
    marks = []
    for value in ticks(0.0, scale.top):
        y = scale.y(value)
        marks.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" class="grid"/>')
        marks.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}</text>')
    for value in _across(scale):
        x = scale.x(value)
        marks.append(f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" class="grid"/>')
        marks.append(f'<text x="{x}" y="{_HEIGHT - _BOTTOM + 15}" text-anchor="middle">{value:g}</text>')
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    marks.append(
        f'<text x="{(_LEFT + _WIDTH) / 2}" y="{_HEIGHT - 4}" text-anchor="middle">{escape(axes.across)}</text>'
    )
    turned = f'transform="translate(13 {middle}) rotate(-90)"'
    marks.append(f'<text {turned} text-anchor="middle">{escape(axes.up)}</text>')
    return "".join(marks)


def _across(scale: _Scale) -> Iterable[float]:
    if not scale.log:
        return ticks(scale.left, scale.right)
    return [10.0**power for power in range(math.ceil(scale.left - 1e-9), math.floor(scale.right + 1e-9) + 1)]


def ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers between two values."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * step for step in _STEPS if power * step >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]
