"""Whose a data directory is: one `zoe serve` at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoe.errors import AlreadyOwnedError, StateError


def make_data_dir(path: Path) -> Path:
    """Make the data directory, if need be; return its absolute path.

    Nobody else may enter it (0700), unless we are root: then services and PostgreSQL run as other users and have to
    pass through to directories of their own (0711, which lists nothing); whatever is secret in there is closed by
    itself. One that exists already keeps the mode that somebody gave it.

    Raises:
        StateError: it cannot be made.

    """
    try:
        path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"The data directory {path} cannot be made: {error.strerror}; name another.") from error
    return path.resolve()


@contextmanager
def own(data_dir: Path) -> Iterator[Path]:
    """Own the data directory (made if need be) until the end of the block, or of this process, however it ends.

    Raises:
        AlreadyOwnedError: another process owns it.
        StateError: it cannot be made or written to.

    """
    path = make_data_dir(data_dir)
    try:
        lock = os.open(path / "zoe.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"The data directory {path} cannot be written to: {error.strerror}.") from error
    try:
        _lock(lock, path)
        yield path
    finally:
        # Closing alone would wait for children that are about to become other programs and still hold a copy.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def _lock(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyOwnedError(path=path, pid=os.pread(lock, 20, 0).decode() or "unknown") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
