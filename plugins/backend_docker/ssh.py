"""An engine by way of the program `ssh`: each connection is one `docker system dial-stdio` over there."""

import socket
import subprocess
import threading
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from backend_docker.settings import EngineSettings

BASE_URL = "http://engine:80"
"""What stands for the engine in the requests; `ssh` alone knows where it is."""


def words(engine: EngineSettings, timeout: float) -> list[str]:
    """Return the command line: never asks anybody anything, and the known hosts decide whom to trust."""
    place = urlsplit(engine.url)
    options = ["-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={max(1, int(timeout))}"]
    options += ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]
    options += ["-F", str(engine.ssh_config)] if engine.ssh_config else []
    options += ["-l", place.username] if place.username else []
    options += ["-p", str(place.port)] if place.port else []
    return ["ssh", *options, "--", place.hostname or "", "docker", "system", "dial-stdio"]


def knock(command: list[str], timeout: float) -> None:
    """Go there and back once.

    Raises:
        ConnectionError: with the words of `ssh`.

    """
    try:
        done = subprocess.run(  # noqa: S603 - as the administrator configured it
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * timeout, check=False
        )
    except FileNotFoundError as error:
        raise ConnectionError("the program ssh is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise ConnectionError(f"ssh got no answer in {2 * timeout:g} s") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise ConnectionError(f"ssh says: {said or f'exit code {done.returncode}'}")


class SshAdapter(HTTPAdapter):
    """Sends requests through `ssh`."""

    def __init__(self, command: list[str], connections: int) -> None:
        self._command = command
        self._connections = connections
        self._pool: _Pool | None = None
        super().__init__()

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        """Return the pool: there is one engine behind it."""
        if self._pool is None:
            self._pool = _Pool(self._command, self._connections)
        return self._pool

    def close(self) -> None:
        """Hang up."""
        super().close()
        if self._pool is not None:
            self._pool.close()


class _Pool(HTTPConnectionPool):
    def __init__(self, command: list[str], connections: int) -> None:
        super().__init__("engine", maxsize=connections)
        self._command = command

    def _new_conn(self) -> "_Connection":
        return _Connection(self._command)


class _Connection(HTTPConnection):
    def __init__(self, command: list[str]) -> None:
        super().__init__("engine")
        self._command = command
        self._program: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        # A real socket: its time-outs and its end work as those of any other.
        ours, theirs = socket.socketpair()
        ours.settimeout(self.timeout if isinstance(self.timeout, int | float) else None)
        end = theirs.fileno()
        with theirs:
            self._program = subprocess.Popen(  # noqa: S603 - as the administrator configured it
                self._command, stdin=end, stdout=end, stderr=subprocess.DEVNULL, start_new_session=True
            )
        self.sock = ours

    def close(self) -> None:
        # An answer may still be read from the socket: ssh ends with the last who holds it.
        super().close()
        if self._program is not None:
            threading.Thread(target=self._program.wait, name="ssh-end", daemon=True).start()
            self._program = None
