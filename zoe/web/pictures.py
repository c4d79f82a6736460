"""Pictures made here, as SVG inside the page: attributes only, as the page allows no style of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from zoe.web.wording import plain

WIDE = 1000
_BAR = (
    '<svg class="bar" viewBox="0 0 {wide} 24" preserveAspectRatio="none" role="img" aria-label="{label}">'
    '<rect class="room" width="{wide}" height="24" rx="4"/>'
    '<rect class="reserved" width="{reserved:.1f}" height="24" rx="4"/>'
    '<rect class="used" y="15" width="{used:.1f}" height="9" rx="2"/></svg>'
)
_BLOCK = (
    '<g class="{kind}"><title>{title}</title><rect x="{x:.1f}" y="4" width="{width:.1f}" height="52" rx="6"/>'
    '<text x="{middle:.1f}" y="26" text-anchor="middle">{text}</text>'
    '<text class="cores" x="{middle:.1f}" y="45" text-anchor="middle">{cores:g} cores</text></g>'
)
NARROWEST = 84.0
LETTER = 8.2
"""Width of a letter, about."""
MOST_BLOCKS = 24


def bar(label: str, reserved: float, used: float, total: float) -> Markup:
    """Return a bar of what is reserved, and below it what is used, of a total."""
    return Markup(_BAR).format(wide=WIDE, label=label, reserved=_part(reserved, total), used=_part(used, total))  # noqa: S704 - a constant


def _part(amount: float, total: float) -> float:
    return WIDE * min(max(amount / total, 0.0), 1.0) if total > 0 else 0.0


def queue_strip(entries: Sequence[Mapping[str, Any]], label: str) -> Markup:
    """Return executions in their order as blocks, as wide as the cores they want; one's own stand out."""
    shown = entries[:MOST_BLOCKS]
    widths = [NARROWEST + 14 * float(one["cores"]) ** 0.7 for one in shown]
    blocks, x = Markup(), 0.0
    for one, width in zip(shown, widths, strict=True):
        text, cores = _short(one, width), float(one["cores"])
        title = plain(f"{one['name'] or 'execution'} ({one['id']}): {one['cores']:g} cores")
        kind = "own" if one["own"] else "other"
        middle = x + width / 2
        facts = {"kind": kind, "title": title, "x": x, "width": width, "middle": middle, "text": text, "cores": cores}
        blocks += Markup(_BLOCK).format(**facts)  # noqa: S704 - a constant
        x += width + 6
    if len(entries) > len(shown):
        blocks += Markup('<text class="more" x="{}" y="34">+ {}</text>').format(f"{x:.1f}", len(entries) - len(shown))
        x += 70
    wide = f"{max(x, NARROWEST):.1f}"
    head = Markup('<svg class="strip" width="{}" height="60" viewBox="0 0 {} 60" role="img" aria-label="{}">')
    return head.format(wide, wide, escape(label)) + blocks + Markup("</svg>")


def _short(one: Mapping[str, Any], width: float) -> object:
    """Return what of a name there is room for; the id where the name is not for this viewer."""
    name, room = str(one["name"] or one["id"]), int(width / LETTER)
    return plain(name if len(name) <= room else f"{name[: room - 1]}…")
