"""A picture for what has none: cells whose number, places and colours come from its name."""

import math
from hashlib import blake2b

from markupsafe import Markup

_CELL = '<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" class="cell tone{tone}"/>'


def emblem(name: str, size: int = 48) -> Markup:
    """Return an SVG picture, the same for the same name, that says nothing to who cannot see it."""
    seed = blake2b(name.encode(errors="replace"), digest_size=12).digest()
    count = 4 + seed[0] % 4
    turn = seed[1] / 256 * math.tau
    cells = [_CELL.format(x=32, y=32, r=9 + seed[2] % 5, tone=seed[3] % 3)]
    for place in range(count):
        angle = turn + place / count * math.tau
        far = 19 + seed[4 + place] % 4
        radius = 5 + seed[(place * 5) % 12] % 5
        x, y = 32 + far * math.cos(angle), 32 + far * math.sin(angle)
        cells.append(_CELL.format(x=x, y=y, r=radius, tone=(seed[3] + place) % 3))
    picture = f'<svg class="emblem" width="{size}" height="{size}" viewBox="0 0 64 64" aria-hidden="true">'
    return Markup(picture + "".join(cells) + "</svg>")  # noqa: S704 - made of numbers alone
