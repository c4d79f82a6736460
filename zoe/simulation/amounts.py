"""How clusters and amounts of memory are written on a command line and in a table."""

import re
from collections.abc import Sequence

from zoe.errors import ZoeError
from zoe.scheduling.model import Node, Resources

_BYTES = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?([KMGT]?)(?:i?B)?", re.IGNORECASE)
_NODES = re.compile(r"(\d{1,5})x(\d{1,6}(?:\.\d{1,3})?)x([^x]+?)(?:x(\d{1,3}))?(?::([\w,-]{1,200}))?")
_MOST_NODES = 20_000


def bytes_of(text: str) -> int:
    """Read an amount of memory: `1073741824`, `512M`, `1.5 GiB`; units are powers of 1024.

    Raises:
        ValueError: it is none.

    """
    match = _BYTES.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is not an amount of memory: write it as 512M or 1.5G")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def nodes_of(words: Sequence[str]) -> list[Node]:
    """Read a cluster: each word is COUNTxCORESxMEMORY[xGPUS][:LABEL,LABEL], such as `25x32x128G` or `2x8x64Gx4:gpu`.

    Raises:
        ZoeError: a word is none, or a node would have no cores or no memory.

    """
    nodes: list[Node] = []
    for word in words:
        count, total, labels = _kind_of_node(word)
        first = len(nodes) + 1
        nodes += [Node(f"node{number}", total, labels) for number in range(first, first + count)]
    if len(nodes) > _MOST_NODES:
        raise ZoeError(f"{len(nodes)} nodes are more than the {_MOST_NODES} that can be simulated.")
    return nodes


def _kind_of_node(word: str) -> tuple[int, Resources, frozenset[str]]:
    match = _NODES.fullmatch(word)
    if match is None:
        raise ZoeError(f"{word[:60]!r} is no cluster: write COUNTxCORESxMEMORY, as 25x32x128G, or 2x8x64Gx4:gpu.")
    try:
        total = Resources(float(match[2]), bytes_of(match[3]), int(match[4] or 0))
    except ValueError as error:
        raise ZoeError(f"The cluster {word[:60]!r}: {error}.") from None
    if not (int(match[1]) and total.cores and total.memory):
        raise ZoeError(f"The cluster {word[:60]!r} has nodes of no size: none could ever hold a service.")
    return int(match[1]), total, frozenset(filter(None, (match[5] or "").split(",")))
