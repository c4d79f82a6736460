"""Where a fault stands: `services[0].resources.memory.min`."""

import re
from collections.abc import Iterable

from zoe.errors import Fault

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_NUMBER = re.compile(r"\[(\d+)\]")


def below(path: str, step: str | int) -> str:
    """Return the path of an item (int) or a key (str). A key that nobody should see raw is shown escaped and short."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    key = step if _PLAIN.fullmatch(step) else ascii(step[:64])
    return f"{path}.{key}" if path else key


def joined(steps: Iterable[str | int]) -> str:
    """Return the path of all steps, from the document's root."""
    path = ""
    for step in steps:
        path = below(path, step)
    return path


def in_reading_order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort faults by path, numbers as numbers; the same fault twice is one."""
    return sorted(dict.fromkeys(faults), key=lambda fault: _NUMBER.sub(_padded, fault.path))


def _padded(number: re.Match[str]) -> str:
    return f"[{int(number[1]):08}]"
