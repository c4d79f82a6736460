"""The keeper's own log: what went wrong in the keeper itself."""

import os
import time
import traceback
from contextlib import suppress


def note(sentence: str) -> None:
    """Write a line; where the disk is full, nothing."""
    with suppress(OSError):
        os.write(2, f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} {sentence}\n".encode(errors="replace"))


def note_failure() -> None:
    """Write where the exception that is being treated came from."""
    note(traceback.format_exc())
