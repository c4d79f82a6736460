"""Writing into a user's workspace, which the user's own services write into as well: no link of theirs is followed."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zoe.errors import Fault, RequestInvalidError

CHUNK = 1 << 16
DEEPEST = 32
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def store(root: Path, username: str, path: str, read: Callable[[int], bytes], owner_uid: int) -> int:
    """Store what `read` returns at `path` below the user's workspace in `root`; return the bytes written.

    The file appears whole or not at all. It belongs to `owner_uid`, if this process may say so.

    Raises:
        RequestInvalidError: the path leads elsewhere, through a link, or to a directory.
        OSError: there is no room, or no access.

    """
    *directories, name = components(path)
    root.mkdir(parents=True, exist_ok=True)
    with _opened(root, [username, *directories], owner_uid, path) as directory:
        return _write(directory, name, read, owner_uid, path)


def components(path: str) -> list[str]:
    """Return the parts of a relative path that stays below where it begins."""
    parts = path.split("/")
    if len(parts) > DEEPEST or any(not _usable(part) for part in parts):
        raise RequestInvalidError([Fault("path", "it is not a relative path of plain names, such as texts/words.txt")])
    return parts


def _usable(part: str) -> bool:
    return part not in {"", ".", ".."} and part.isprintable() and len(part.encode()) <= 255


@contextmanager
def _opened(root: Path, names: list[str], owner_uid: int, path: str) -> Iterator[int]:
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            inner = _enter(current, name, owner_uid, path)
            os.close(current)
            current = inner
        yield current
    finally:
        os.close(current)


def _enter(directory: int, name: str, owner_uid: int, path: str) -> int:
    made = False
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=directory)
        made = True
    try:
        inner = os.open(name, _DIRECTORY, dir_fd=directory)
    except (NotADirectoryError, FileNotFoundError) as error:  # a file, or a link: with O_DIRECTORY both are the former
        raise RequestInvalidError([Fault("path", f"{name} in {path} is not a directory")]) from error
    if made:
        _own(inner, owner_uid)
    return inner


def _write(directory: int, name: str, read: Callable[[int], bytes], owner_uid: int, path: str) -> int:
    part = f".{secrets.token_hex(8)}.part"
    file = os.open(part, _NEW_FILE, 0o644, dir_fd=directory)
    try:
        with os.fdopen(file, "wb") as sink:
            _own(sink.fileno(), owner_uid)
            size = sum(sink.write(chunk) for chunk in iter(lambda: read(CHUNK), b""))
        os.rename(part, name, src_dir_fd=directory, dst_dir_fd=directory)
    except IsADirectoryError as error:
        raise RequestInvalidError([Fault("path", f"{path} is a directory")]) from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=directory)
    return size


def _own(file: int, owner_uid: int) -> None:
    if os.geteuid() == 0:
        os.fchown(file, owner_uid, owner_uid)
