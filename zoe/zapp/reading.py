"""Reads a ZApp: upgrade, validate, and report all faults at once."""

import json
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from pydantic import ValidationError

from zoe.errors import Fault, ZAppInvalidError
from zoe.zapp.hygiene import hygiene
from zoe.zapp.model import ZApp
from zoe.zapp.paths import in_reading_order
from zoe.zapp.rules import broken_rules
from zoe.zapp.tolerant import Object
from zoe.zapp.upgrade import before_upgrade, is_version_2, upgraded
from zoe.zapp.wording import faults_in

MOST_FAULTS = 1000
MOST_FAULTS_TO_WORD = 10_000


def read(document: object) -> ZApp:
    """Return the ZApp that a parsed JSON document describes; version 2 is upgraded.

    Raises:
        ZAppInvalidError: with every fault (the first thousand of them) and its path in the document as it was given.

    """
    if not isinstance(document, dict):
        raise ZAppInvalidError(
            [Fault("", "is not a JSON object; expected one with name, version, will_end and services")]
        )
    unclean = list(hygiene(document))[:MOST_FAULTS]
    old = is_version_2(document)
    zapp, wrong = _validated(upgraded(document) if old else document)
    blamed = {fault.path for fault in unclean}
    found = _one_for_each_path(map(before_upgrade, wrong)) if old else wrong
    faults = in_reading_order([*unclean, *(fault for fault in found if fault.path not in blamed)])
    if faults or zapp is None:
        raise ZAppInvalidError(faults[:MOST_FAULTS])
    return zapp


@lru_cache(maxsize=1024)
def restore(text: str) -> ZApp:
    """Return the ZApp of a stored JSON text that `read` accepted once: its rules are not checked again.

    Equal texts share one ZApp: a thousand executions of one application cost the memory of one.

    Raises:
        ZAppInvalidError: it cannot be read any more; an older Zoe wrote it.

    """
    try:
        return ZApp.model_validate_json(text)
    except ValidationError:
        return read(json.loads(text))


def _one_for_each_path(faults: Iterable[Fault]) -> list[Fault]:
    # One number of version 2 is two of version 3, and wrong only once.
    by_path: dict[str, Fault] = {}
    for fault in faults:
        by_path.setdefault(fault.path, fault)
    return list(by_path.values())


def _validated(document: Object) -> tuple[ZApp | None, list[Fault]]:
    rules = list(islice(broken_rules(document), MOST_FAULTS))
    try:
        return ZApp.model_validate(document), rules
    except ValidationError as error:
        if error.error_count() > MOST_FAULTS_TO_WORD:
            return None, [Fault("", f"has {error.error_count()} faulty fields, too many to tell each"), *rules]
        return None, [*faults_in(error), *rules]
