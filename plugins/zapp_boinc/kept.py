"""What is left of a task that was kept, when nobody goes on with it."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zapp_boinc.document import KEPT_IN

_NO_DIRECTORY = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


def remove(workspace: Path, execution: int) -> None:
    """Remove the client's directory with the account key, and the place for such directories if it is empty then.

    The workspace is its owner's, who may have put links anywhere: none is followed, and what is no directory is no
    client's.

    Raises:
        OSError: it is still there, or some of it.

    """
    name = str(execution)
    with _opened(str(workspace / KEPT_IN)) as place:
        if place is None:
            return
        with _opened(name, place) as client:
            if client is not None:
                shutil.rmtree(name, dir_fd=place)
    with suppress(OSError):
        (workspace / KEPT_IN).rmdir()


@contextmanager
def _opened(path: str, within: int | None = None) -> Iterator[int | None]:
    """Open a directory; None where there is nothing, or something else."""
    try:
        found = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=within)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY:
            raise
        yield None
        return
    try:
        yield found
    finally:
        os.close(found)
