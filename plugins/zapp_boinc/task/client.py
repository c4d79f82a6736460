"""The client's process, and all that it starts: one process group, so that nothing of it is left behind."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from zapp_boinc.task.order import POLITE_S, Order
from zapp_boinc.task.output import Output
from zapp_boinc.task.verdict import BROKEN, Verdict

_PASSED_ON = ("PATH", "HOME", "TMPDIR", "TZ", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY")
_TICK_S = 0.02


class Client:
    """A running client in the working directory. `said` is called whenever it has printed what matters."""

    def __init__(self, order: Order, output: Output, said: Callable[[], None]) -> None:
        if not shutil.which("boinc"):
            raise Verdict(BROKEN, "There is no BOINC client here: apt-get install boinc-client, or use its image.")
        self._process = subprocess.Popen(  # noqa: S603 - the words are ours
            ["boinc", "--dir", str(Path.cwd()), "--gui_rpc_unix_domain", *_flags(order)],  # noqa: S607 - from PATH
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            umask=0o077,
            process_group=0,
        )
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self._reader = Thread(target=output.follow, args=(self._process.stdout, said), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The client's own process, which leads the group."""
        return self._process.pid

    def ended(self) -> int | None:
        """Return how it ended, as `subprocess` has it; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended by itself; tell whether it has."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, seconds))
        return self._process.returncode is not None

    def terminate(self) -> None:
        """Ask the client to end; what it then does about its task was decided at its start."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def kill_programs(self, pids: Iterable[int]) -> None:
        """End programs of tasks: those that do not know BOINC's interface do not hear that they are aborted."""
        for pid in pids:
            with suppress(ProcessLookupError):
                if os.getpgid(pid) == self._process.pid:
                    os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """End it and all that it started, and return once nothing of it runs."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        deadline = time.monotonic() + 1
        while self._signal(signal.SIGKILL) and time.monotonic() < deadline:
            self._bury_orphans()
            time.sleep(_TICK_S)
        self._reader.join(1)

    def _bury_orphans(self) -> None:
        """As the first process of a container we inherit the programs of a client that is gone."""
        with suppress(ChildProcessError):
            while os.waitpid(-self._process.pid, os.WNOHANG)[0]:
                pass

    def _signal(self, number: int) -> bool:
        """Signal the group; False if nobody is in it any more."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True


def _flags(order: Order) -> list[str]:
    """Return what differs: a task that is not kept is reported as aborted when the client is asked to end.

    The delays are for tests, not for a project of somebody else.
    """
    flags = [] if order.keep and not order.keep_if_asked else ["--abort_jobs_on_exit"]
    if order.retry == POLITE_S:
        return flags
    for kind in ("sched", "pers"):
        for name, seconds in zip(("min", "max"), order.retry, strict=True):
            flags += [f"--{kind}_retry_delay_{name}", str(int(seconds))]
    return flags
