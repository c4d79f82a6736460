"""Starting a process: its words, its place, its limits; and a sentence for everything that can be wrong with them."""

import errno
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path


class RefusedError(Exception):
    """The service cannot be started, now or later."""


class BusyError(Exception):
    """The service cannot be started just now."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to start: `uid` None means as ourselves; `groups` are the files by which it joins its control groups."""

    words: list[str]
    environment: dict[str, str]
    directory: str
    uid: int | None
    groups: list[Path]


def spawn(order: Order, output: int) -> int:
    """Start a process in a session of its own that prints into `output`; return its pid.

    Raises:
        RefusedError: the command cannot be executed.
        BusyError: the machine has no room for another process.

    """
    with ExitStack() as open_files:
        groups = [open_files.enter_context(group.open("wb", buffering=0)) for group in order.groups]

        def join() -> None:
            for group in groups:
                group.write(b"0")

        try:
            return _popen(order, output, join if groups else None)
        except OSError as error:
            raise _in_words(order, error) from error
        except ValueError as error:
            raise RefusedError(f"the command or the environment holds what no process can be given: {error}") from error
        except subprocess.SubprocessError as error:
            raise BusyError(f"the process could not be put under its limits: {error}") from error


def _popen(order: Order, output: int, join: Callable[[], None] | None) -> int:
    """Without `join` and `uid` this is a vfork: three times as fast."""
    process = subprocess.Popen(  # noqa: S603 - running what users ask for is what this is for
        order.words,
        env=order.environment,
        cwd=order.directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        close_fds=False,  # every descriptor of the keeper closes itself at exec
        start_new_session=True,
        umask=0o022,
        user=order.uid,
        group=order.uid,
        extra_groups=None if order.uid is None else [],
        preexec_fn=join,  # noqa: PLW1509 - the keeper has one thread
    )
    process.returncode = 0  # the keeper waits for all its children itself
    return process.pid


def _in_words(order: Order, error: OSError) -> Exception:
    command = order.words[0]
    if error.errno in {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}:
        return BusyError(f"this machine has no room for another process: {error.strerror}")
    if error.filename == order.directory and error.filename != command:
        return RefusedError(f"the working directory '{order.directory}' cannot be used: {error.strerror}")
    who = f" by user id {order.uid}" if order.uid is not None else ""
    if error.errno in {errno.ENOENT, errno.ENOTDIR} or (error.errno == errno.EACCES and "/" not in command):
        return RefusedError(_not_found(command, order.environment.get("PATH", ""), who))
    if error.errno == errno.EACCES:
        return RefusedError(f"the command '{command}' may not be executed{who}: {error.strerror}")
    plainly = {
        errno.ENOEXEC: f"the command '{command}' is no program that this machine can execute",
        errno.E2BIG: "the command and its environment are longer than this machine allows",
    }
    return RefusedError(plainly.get(error.errno or 0, f"the command '{command}' cannot be started: {error.strerror}"))


def _not_found(command: str, path: str, who: str) -> str:
    if "/" not in command:
        return f"the command '{command}' was not found on this machine, or may not be executed{who} (looked in {path})"
    if Path(command).exists():
        return f"the command '{command}' needs an interpreter (its first line names it) that is not on this machine"
    return f"the command '{command}' does not exist on this machine"
