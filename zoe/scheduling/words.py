"""Amounts, nodes and executions in words."""

from collections.abc import Sequence

from zoe.scheduling.model import Resources
from zoe.scheduling.together import spoken

_UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def amount(resources: Resources) -> str:
    """Write an amount of resources: "2 cores and 4 GiB of memory"; what there is nothing of is left out."""
    words = []
    if resources.cores:
        words.append(f"{resources.cores:.4g} core{'' if resources.cores == 1 else 's'}")
    if resources.memory:
        words.append(f"{memory(resources.memory)} of memory")
    if resources.gpus:
        words.append(f"{resources.gpus} GPU{'' if resources.gpus == 1 else 's'}")
    return listing(words) or "none"


def is_or_are(resources: Resources) -> str:
    """Return the verb for `amount`."""
    kinds = sum(map(bool, (resources.cores, resources.memory, resources.gpus)))
    plural = (resources.cores not in {0, 1}) or resources.gpus > 1
    return "are" if kinds > 1 or plural else "is"


def memory(size: int) -> str:
    """Write a number of bytes: "512 MiB"."""
    for unit, name in _UNITS:
        if abs(size) >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"


def listing(words: Sequence[str]) -> str:
    """Write a list: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def executions(ids: Sequence[int]) -> str:
    """Write whose they are: "executions 41 and 57"; of many only the first three."""
    if len(ids) == 1:
        return f"execution {ids[0]}"
    shown = list(map(str, ids[:3]))
    return "executions " + listing([*shown, f"{len(ids) - 3} more"] if len(ids) > 3 else shown)


def node_with(labels: frozenset[str]) -> str:
    """Write which node is looked for: "a node with label gpu"; "one node" if any would do."""
    known = spoken(labels)
    return f"a node with label {listing(known)}" if known else "one node"
