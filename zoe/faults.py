"""What pydantic finds wrong, in our words: faults with paths, and for an unknown key the nearest known one."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from pydantic import ValidationError

from zoe.errors import Fault


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like this one; an empty text if nothing is known."""
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=0.0)), "")


def path_of(location: Iterable[int | str]) -> str:
    """Return `services[0].ports` for `("services", 0, "ports")`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")


def faults_of(error: ValidationError, known: Collection[str] = (), prefix: tuple[str, ...] = ()) -> list[Fault]:
    """Return every fault that pydantic found; `known` holds the paths of all keys, `prefix` where the model stands.

    No fault repeats the value: it may be a secret.
    """
    return [_fault(item["type"], path_of((*prefix, *item["loc"])), item["msg"], known) for item in error.errors()]


def unknown_key(path: str, known: Collection[str]) -> Fault:
    """Return the fault of a key that means nothing, with its nearest neighbour: one beside it, if there are any."""
    section, _, key = path.rpartition(".")
    beside = [other for other in known if other.rpartition(".")[0] == section]
    homonyms = [other for other in known if other.rpartition(".")[2] == key]
    neighbour = nearest(path, homonyms or beside or known)
    return Fault(path, f"unknown key; did you mean `{neighbour}`?" if neighbour else "unknown key; there are none here")


def _fault(kind: str, path: str, message: str, known: Collection[str]) -> Fault:
    return unknown_key(path, known) if kind == "extra_forbidden" else Fault(path, message.removeprefix("Value error, "))
