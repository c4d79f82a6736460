"""One dockerd: on this machine as it is, or as a node of its own in a network namespace."""

import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

_READY_SECONDS = 180.0
# The machine's own /run holds the sockets of other daemons: a node gets an empty one.
_AS_NODE = 'hostname "$0"; mount -t tmpfs tmpfs /run; mkdir /run/docker; exec "$@"'


@dataclass(frozen=True, slots=True)
class Daemon:
    """A dockerd of a directory's own. `namespace`: that of a node; `options`: more words for dockerd."""

    name: str
    directory: Path
    namespace: str | None = None
    options: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"unix://{self.directory}/docker.sock"

    @property
    def data(self) -> Path:
        """Return the directory of its images and containers."""
        return self.directory / "data"

    @property
    def pid(self) -> int | None:
        """Return its process, if it has one."""
        try:
            return int((self.directory / "dockerd.pid").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def client(self) -> docker.APIClient:
        """Return a client."""
        return docker.APIClient(self.url, version="1.41", timeout=60)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.directory.mkdir(exist_ok=True)
        # Where nobody reaps a killed daemon its number stays taken, and the next one would not start.
        for left in ("exec.pid", "exec/containerd/containerd.pid"):
            (self.directory / left).unlink(missing_ok=True)
        pid = self._spawn()
        (self.directory / "dockerd.pid").write_text(str(pid), encoding="utf-8")
        deadline = time.monotonic() + _READY_SECONDS
        while not self.answers():
            if _is_gone(pid) or time.monotonic() > deadline:
                raise RuntimeError(f"dockerd does not run: {self._last_words()}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Tell whether it answers."""
        try:
            with socket.socket(socket.AF_UNIX) as knocking:
                knocking.connect(self.url.removeprefix("unix://"))
            with self.client() as client:
                client.ping()
        except (DockerException, RequestException, OSError):
            return False
        return True

    def kill(self) -> None:
        """Kill the daemon alone, as a crash would: its containers run on."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the daemon as a shutdown would: it ends its containers."""
        self._end(signal.SIGTERM)

    def _spawn(self) -> int:
        # It outlives who started it, which a `Popen` would complain of.
        log = os.open(self.directory / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nowhere = os.open(os.devnull, os.O_RDONLY)
        to = [(os.POSIX_SPAWN_DUP2, nowhere, 0), (os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        words = self._words()
        try:
            return os.posix_spawnp(words[0], words, os.environ, file_actions=to, setsid=True)
        finally:
            os.close(log)
            os.close(nowhere)

    def _end(self, how: signal.Signals) -> None:
        pid = self.pid
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not _is_gone(pid):
            time.sleep(0.02)
        (self.directory / "dockerd.pid").unlink(missing_ok=True)

    def _words(self) -> list[str]:
        # An empty exec-root of its own for a node: below its own /run.
        root = "/run/docker-exec" if self.namespace else f"{self.directory}/exec"
        words = ["dockerd", "-H", self.url, "--data-root", str(self.data), "--exec-root", root,
                 "-p", f"{self.directory}/exec.pid", "--cgroup-parent", f"/{self.name}",
                 "--exec-opt", "native.cgroupdriver=cgroupfs", *self.options]  # fmt: skip
        if self.namespace is None:
            return words
        inside = f"/var/run/netns/{self.namespace}"
        return ["nsenter", f"--net={inside}", "unshare", "-m", "-u", "sh", "-c", _AS_NODE, self.name, *words]

    def _last_words(self) -> str:
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")[-2000:]


def _is_gone(pid: int) -> bool:
    with suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return True
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].startswith("Z")
    except OSError:
        return True
