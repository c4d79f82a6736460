"""Executions whose services find each other on one node only: their core is placed as one part, whole.

What comes later asks for a label that only the node of the core carries, beside those that administrators give: so it
goes there by the same rules as anything else that asks for labels.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from zoe.scheduling.model import Application, Node, Part, Resources

_MARK = "\0node "
_WHOLE = -1


def carries(node: Node, labels: frozenset[str]) -> bool:
    """Tell whether a node carries labels, its own name's included."""
    return labels <= node.labels or labels - {_MARK + node.name} <= node.labels


def spoken(labels: Iterable[str]) -> list[str]:
    """Return the labels that a person knows of, sorted."""
    return sorted(label for label in labels if not label.startswith(_MARK))


def core_of(app: Application) -> list[Part]:
    """Return the core parts without a place as they are to be placed: one part that asks for all of them at once."""
    waiting = [part for part in app.parts if part.core and part.node is None]
    if not app.together or not waiting:
        return waiting
    near = _label_of(app)
    if len(waiting) == 1:
        return [replace(waiting[0], labels=waiting[0].labels | near)]
    labels = near.union(*(part.labels for part in waiting))
    reserved = sum((part.reserved for part in waiting), Resources())
    words = f"this execution (its {len(waiting)} core services find each other on one node only)"
    return [Part(_WHOLE, words, reserved, core=True, labels=labels, image=waiting[0].image)]


def elastic_of(app: Application) -> list[Part]:
    """Return the elastic parts without a place that may start: none before it is known where the core is."""
    waiting = [part for part in app.parts if not part.core and part.node is None]
    if not app.together or not waiting:
        return waiting
    near = _label_of(app)
    return [replace(part, labels=part.labels | near) for part in waiting] if near else []


def members(app: Application, part: Part) -> Sequence[Part]:
    """Return the parts that a part stands for."""
    if part.id != _WHOLE:
        return (part,)
    return [one for one in app.parts if one.core and one.node is None]


def _label_of(app: Application) -> frozenset[str]:
    node = next((part.node for part in app.parts if part.node is not None), None)
    return frozenset() if node is None else frozenset({_MARK + node})
