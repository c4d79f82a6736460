"""The garbage collector, out of the way of a long simulation."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (100_000, 20, 50)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage in cycles less often, and not among what was there before: a simulation makes hardly any."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
