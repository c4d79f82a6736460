"""A run of the ZApp as a backend would start it: the command and the environment of the document, nothing else."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.plugins.boinc_project.server import Project
from zapp_boinc.boinc_type import BoincType
from zapp_boinc.parameters import BoincParameters
from zapp_boinc.settings import BoincSettings
from zoe import zapp
from zoe.plugin import Address, Deployment, Progress, RunningService

DEADLINE_S = 240
QUICK = BoincSettings(retry_delay=(2, 5))
_addresses = itertools.count(1)


class Run:
    """A service that runs one task; a context that leaves nothing behind."""

    def __init__(
        self,
        project: Project | str,
        home: Path,
        *,
        key: str | None = None,
        environment: Mapping[str, str] | None = None,
        **parameters: object,
    ) -> None:
        url = project if isinstance(project, str) else project.url
        self.key = key or (project.key if isinstance(project, Project) else "some_key_0123456789")
        self.address = f"127.77.{os.getpid() % 250}.{next(_addresses)}"
        self.type = BoincType(QUICK, Deployment("test", "1", home))
        asked = BoincParameters.model_validate({"project_url": url, "account_key": self.key, **parameters})
        self._document = zapp.read(self.type.zapp(asked))
        self._home = home
        self._more = environment or {}
        self.log_file = home / "log"
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> "Run":
        (instance,) = zapp.instances(self._document)
        around = self._surroundings()
        words = zapp.command(instance, around)
        assert isinstance(words, tuple)
        # What Zoe does for a service, with the secret that it keeps apart.
        own = {
            name: value.replace("{secret#account_key}", self.key)
            for name, value in zapp.environment(instance, around).items()
        }
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                words,
                cwd=self._home,
                env={"PATH": path, "HOME": str(self._home)} | own | dict(self._more),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self.members():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    @property
    def log(self) -> str:
        """All that was printed so far."""
        return self.log_file.read_text(errors="replace")

    @property
    def last_line(self) -> str:
        """The sentence at the end."""
        return self.log.rstrip().rpartition("\n")[2]

    def wait(self, seconds: float = DEADLINE_S) -> int:
        """Wait for the end and return the exit status."""
        return self.process.wait(seconds)

    def ends(self) -> int:
        """Wait for the end; nothing runs any more, nothing is left on the disk, and nobody was told the key."""
        code = self.wait()
        assert self.members() == []
        assert self.kept_files() == []
        assert self.key not in self.log
        return code

    def stop(self, *, everybody: bool = False) -> float:
        """Ask to end, as docker does, or all at once, as the process backend does; return the seconds it took."""
        began = time.monotonic()
        for pid in self.members() if everybody else [self.process.pid]:
            os.kill(pid, signal.SIGTERM)
        self.wait(30)
        while self.members() and time.monotonic() - began < 30:
            time.sleep(0.02)
        return time.monotonic() - began

    def says(self, words: str, seconds: float = 180, times: int = 1) -> None:
        """Wait until the log holds some words so many times: the log goes on over several runs."""
        until = time.monotonic() + seconds
        while self.log.count(words) < times:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.05)

    def members(self) -> list[int]:
        """Return all processes of the service's session."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid and fields[0] != "Z":
                    found.append(int(entry.name))
        return found

    def member(self, words: str) -> int:
        """Return the process of the service whose command line holds some words."""
        return next(pid for pid in self.members() if words in command_line(pid))

    def kept_files(self) -> list[str]:
        """Return what is left in the directory of the clients."""
        return [path.name for path in self._home.glob("boinc/*")]

    def progress(self) -> Progress | None:
        """Look how far it is, as Zoe does."""
        return self.type.progress([self._service()])

    def make_room(self) -> None:
        """Warn it before a stop, as Zoe does."""
        self.type.make_room([self._service()])

    def _service(self) -> RunningService:
        return RunningService("boinc0", "boinc", lambda port: Address(self.address, port))

    def _surroundings(self) -> zapp.Surroundings:
        return zapp.Surroundings(
            user_name="ada",
            uid=os.getuid(),
            gid=os.getgid(),
            execution_id=7,
            execution_name="science",
            deployment_name="test",
            dns_names={"boinc0": self.address},
            address=self.address,
            workspace=str(self._home),
            proxy_paths={},
        )


def command_line(pid: int) -> str:
    """Return the words of a process as everybody can read them."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""
