"""How Zoe talks with the keeper of its data directory; it is started where it is missing."""

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from backend_process.keeper.main import RUNS_ALREADY, socket_path
from zoe.errors import BackendBusyError, BackendRefusedError, BackendUnavailableError, ZoeError

_START_TIMEOUT = 10.0  # seconds
_ERRORS = {"refused": BackendRefusedError, "busy": BackendBusyError, "unavailable": BackendUnavailableError}


class Connection:
    """One connection; one request at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._lines = connected.makefile("rb")

    def ask(self, request: dict[str, object], timeout: float | None) -> Any:
        """Ask, and wait for the answer, at most `timeout` seconds.

        Raises:
            BackendRefusedError, BackendBusyError: what the keeper answered.
            OSError: it did not answer.

        """
        self._socket.settimeout(timeout)
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        answer = self.hear()
        if "error" in answer:
            raise _ERRORS[answer["error"]](answer["message"])
        return answer["ok"]

    def hear(self) -> dict[str, Any]:
        """Wait for the next line; ConnectionError at the end."""
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the keeper hung up")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def is_stale(self) -> bool:
        """Tell whether the keeper hung up meanwhile: it has nothing to say while nobody asks."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def hang_up(self) -> None:
        """End the connection, also for a thread that waits for its next line."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self._socket.close()


class KeeperLink:
    """Connections to the keeper, each used by one thread at a time and kept for the next."""

    def __init__(self, directory: Path, key: str, log_max_bytes: int) -> None:
        self._directory = directory
        self._key = key
        self._log_max_bytes = log_max_bytes
        self._idle: list[Connection] = []
        self._starting = threading.Lock()
        self.closed = False

    def ask(self, request: dict[str, object], timeout: float | None = 30.0) -> Any:
        """Ask the keeper, and wait for its answer, at most `timeout` seconds.

        Raises:
            BackendRefusedError, BackendBusyError: what the keeper answered.
            BackendUnavailableError: it did not answer, nor does another that was started.

        """
        try:
            with self._connection() as connection:
                return connection.ask(request, timeout)
        except ConnectionError:
            # That keeper has just ended. Every request may be made twice: what is done is done.
            return self._ask_next_keeper(request, timeout)
        except (OSError, ValueError) as error:
            raise _silent(error) from error

    def _ask_next_keeper(self, request: dict[str, object], timeout: float | None) -> Any:
        try:
            with self._connection() as connection:
                return connection.ask(request, timeout)
        except (OSError, ValueError) as error:
            raise _silent(error) from error

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Lend a connection; one that fails is not used again."""
        connection = self._take()
        try:
            yield connection
        except ZoeError:
            self._give_back(connection)
            raise
        except BaseException:
            connection.hang_up()
            raise
        self._give_back(connection)

    def connect(self) -> Connection:
        """Open a connection; start the keeper where none answers.

        Raises:
            BackendUnavailableError: none can be started.

        """
        deadline = time.monotonic() + _START_TIMEOUT
        while time.monotonic() < deadline:
            with suppress(FileNotFoundError, ConnectionRefusedError):
                return self._dial()
            with self._starting:
                with suppress(FileNotFoundError, ConnectionRefusedError):
                    return self._dial()  # another thread has just started it
                self._start_keeper()
        raise BackendUnavailableError(f"The keeper of the services in {self._directory} runs but does not answer.")

    def close(self) -> None:
        """End all connections that nobody uses; the others end when they are given back."""
        self.closed = True
        while self._idle:
            self._idle.pop().hang_up()

    def _take(self) -> Connection:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if not connection.is_stale():
                return connection
            connection.hang_up()
        return self.connect()

    def _give_back(self, connection: Connection) -> None:
        if self.closed:
            connection.hang_up()
        else:
            self._idle.append(connection)

    def _dial(self) -> Connection:
        home = os.open(self._directory / "keeper", os.O_DIRECTORY | os.O_CLOEXEC)
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.connect(socket_path(home))
        except BaseException:
            connected.close()
            raise
        finally:
            os.close(home)
        return Connection(connected)

    def _start_keeper(self) -> None:
        """Start a keeper; it ends at once if there is one, which may be about to end or to listen."""
        started = self._run_keeper()
        if started.returncode == RUNS_ALREADY:
            time.sleep(0.005)  # it is about to listen, or to end: no event tells which
        elif started.returncode != 0:
            words = started.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise BackendUnavailableError(f"The keeper of the services cannot be started: {words}")

    def _run_keeper(self) -> "subprocess.CompletedProcess[bytes]":
        try:
            return subprocess.run(  # noqa: S603 - our own Python and our own words
                self._command(),
                env={"PATH": os.environ.get("PATH", os.defpath)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_START_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise BackendUnavailableError(f"The keeper of the services cannot be started: {error}") from error

    def _command(self) -> list[str]:
        program = Path(__file__).with_name("keeper")
        return [sys.executable, "-I", "-S", str(program), str(self._directory), self._key, str(self._log_max_bytes)]


def _silent(error: Exception) -> BackendUnavailableError:
    return BackendUnavailableError(f"The keeper of the services does not answer: {error}")
