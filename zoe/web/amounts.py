"""Amounts of memory as people write them."""

_UNITS = ("", "K", "M", "G", "T")


def short_size(count: float) -> str:
    """Write bytes as a field takes them: `1G`, `768M`, `1.5G`; exactly, or as plain bytes."""
    whole = int(count)
    for power in range(len(_UNITS) - 1, 0, -1):
        unit = 1 << 10 * power
        if whole >= unit and whole * 10 % unit == 0:
            return f"{whole / unit:g}{_UNITS[power]}"
    return str(whole)


def size(count: float | None) -> str:
    """Write bytes for reading: `512 MiB`, `1.5 GiB`."""
    if count is None:
        return "-"
    left = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(left) < 1024:
            return f"{left:.4g} {unit}"
        left /= 1024
    return f"{left:.4g} TiB"


def cores(count: float) -> str:
    """Write a number of cores: `2`, `0.5`."""
    return f"{round(count, 2):g}"
