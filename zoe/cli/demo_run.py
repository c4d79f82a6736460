"""What happens in `zoe demo`, in order, and how it is taken away again whatever happens."""

import itertools
import re
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from zoe.cli import watch
from zoe.cli.demo_server import DemoError, DemoServer
from zoe.cli.invocation import screen
from zoe.cli.leftovers import Census
from zoe.cli.logs import find_service
from zoe.errors import ZoeError

if TYPE_CHECKING:
    from zoe.client import Client, Execution

# A job of seconds: code that is compiled quickly beats code that is compiled well.
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SCRIPT = "wordcount.py"
PARAMETERS: dict[str, object] = {
    "script": SCRIPT,
    "arguments": [sysconfig.get_path("stdlib"), "8"],
    "workers": 2,
    "workers_min": 1,
    "worker_memory": "1G",
    "driver_memory": "768M",
    "master_memory": "256M",
    "conf": {
        "spark.driver.extraJavaOptions": QUICK_JAVA,
        "spark.executor.extraJavaOptions": QUICK_JAVA,
        "spark.locality.wait": "0s",
    },
}
"""One core and one elastic worker; with PostgreSQL and Zoe it fits two cores and 4 GB."""
PATIENCE = 300  # seconds for the whole execution
PATIENCE_QUEUED = 60  # seconds; nobody else is there to wait for
CENSUS_EVERY = 3.0  # seconds
WORD = re.compile(r"wordcount: (\S+) (\d+)$")
SUMMARY = re.compile(r"wordcount-summary: (.+)$")
STEPS = {
    "queued": "waiting in the queue",
    "starting": "starting services",
    "running": "Spark job",
    "cleaning up": "stopping services",
}


@dataclass
class Outcome:
    """What came of it; phases in seconds."""

    words: list[tuple[str, int]] = field(default_factory=list)
    summary: str = ""
    phases: dict[str, float] = field(default_factory=dict)
    seconds: float = 0
    behind: str = ""


class Demonstration:
    """One run of the demonstration."""

    def __init__(self, *, quiet: bool, keep: bool) -> None:
        self._keep = keep
        self._outcome = Outcome()
        console = screen()
        lines = watch.Lines(console)
        self._lines = None if quiet else lines
        self._eyes: watch.Observer = (
            watch.Blind() if quiet else watch.Picture(console) if console.is_terminal else lines
        )

    def run(self) -> Outcome:
        """Do it all. Raises `ZoeError` with the reason if anything is not as it should be, after cleaning up."""
        began = time.monotonic()
        _check_java()
        server = DemoServer()
        census = Census(server.directory)
        with ExitStack() as last:
            last.callback(_sweep, server, census)
            self._work(server, census)
            if self._keep:
                self._outcome.behind = _how_to_go_on(server)
            else:
                self._finish(server, census)
            last.pop_all()
        self._outcome.seconds = time.monotonic() - began
        return self._outcome

    def _work(self, server: DemoServer, census: Census) -> None:
        self._say("zoe serve", f"starts in {server.directory}")
        with self._phase("zoe serve ready"):
            server.start().wait_until_ready()
        with server.client() as client:
            self._say("zoe serve", f"answers at {client.url}")
            script = files("zapp_spark.examples").joinpath("wordcount.py").read_bytes()
            client.upload(SCRIPT, script)
            number = client.submit_type("spark", PARAMETERS, "demo-wordcount")
            eyes = _Eyes(self._eyes, census)
            with eyes:
                execution = watch.observe(client, number, eyes)
            self._judge(client, execution)
            if not self._keep:
                client.remove(number)

    def _judge(self, client: "Client", execution: "Execution") -> None:
        """Read the result from the driver's log, and the phases from the events."""
        log = list(client.logs(find_service(client, execution, None)["id"], follow=False))
        if execution["status"] != "terminated" or execution.get("exit_code"):
            why = (
                execution["error_message"]
                or f"its status is {execution['status']}, exit code {execution.get('exit_code')}"
            )
            raise DemoError(
                f"the Spark job did not succeed: {why} (last line of its log: {log[-1] if log else 'none'})"
            )
        self._outcome.words = [(match[1], int(match[2])) for line in log if (match := WORD.search(line))]
        self._outcome.summary = next((match[1] for line in log if (match := SUMMARY.search(line))), "")
        if len(self._outcome.words) != 10 or not self._outcome.summary:
            raise DemoError(f"the Spark job printed {len(self._outcome.words)} words, not ten.")
        self._outcome.phases.update(phases(execution["time_submit"], client.events(execution["id"])))

    def _finish(self, server: DemoServer, census: Census) -> None:
        census.look()
        with self._phase("stopping zoe serve"):
            server.stop()
            census.wait_for_processes()
            server.remove()
            left = census.left()
        if left:
            raise DemoError(f"something was left behind: {', '.join(left)}.")
        ports = len(census.ports)
        self._outcome.behind = f"Nothing is left behind: no process, none of the {ports} ports, no directory."

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._outcome.phases[name] = time.monotonic() - began

    def _say(self, subject: str, text: str) -> None:
        if self._lines:
            self._lines.say(subject, text)


class _Eyes:
    """Shows the execution, counts what it uses meanwhile, and loses patience in the end."""

    def __init__(self, shown_to: watch.Observer, census: Census) -> None:
        self._shown_to, self._census = shown_to, census
        self._began, self._counted = time.monotonic(), 0.0

    def __enter__(self) -> "_Eyes":
        self._shown_to.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown_to.__exit__(None, None, None)

    def see(self, execution: "Execution", services: Sequence[dict[str, Any]]) -> None:
        """Look on; raises `DemoError` when it takes too long."""
        self._shown_to.see(execution, services)
        now = time.monotonic()
        if now - self._counted > CENSUS_EVERY:
            self._counted = now
            self._census.look()
        waiting = execution["status"] in {"submitted", "queued"}
        if now - self._began > (PATIENCE_QUEUED if waiting else PATIENCE):
            why = execution.get("wait_reason") or "nobody knows why"
            raise DemoError(f"the execution is still {execution['status']} after {now - self._began:.0f} s: {why}")


def phases(submitted: float, events: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Work out from an execution's events how long it was in each status, seconds."""
    steps = [(submitted, "submitted"), *((step["at"], step["after"]) for step in events if _is_of_execution(step))]
    spent: dict[str, float] = {}
    for (start, status), (end, _) in itertools.pairwise(steps):
        name = STEPS.get(status, STEPS["queued"])
        spent[name] = spent.get(name, 0) + max(end - start, 0)
    return spent


def _is_of_execution(step: dict[str, Any]) -> bool:
    return bool(step.get("after")) and not step.get("service")


def _check_java() -> None:
    try:
        # A plugin, which may not be installed.
        from zapp_spark import java  # noqa: PLC0415
    except ImportError as error:
        raise DemoError(f"the ZApp type `spark` is not installed ({error}).") from error
    if missing := java.missing():
        raise DemoError(missing)


def _how_to_go_on(server: DemoServer) -> str:
    return (
        f"zoe serve goes on as process {server.pid}. To use it: export ZOE_DATA_DIR={server.data_dir}; zoe ps --all\n"
        f"To end it: kill {server.pid}; then: rm -r {server.directory}"
    )


def _sweep(server: DemoServer, census: Census) -> None:
    """Take everything away after a failure: in order where that works, by force where it does not."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    with suppress(ZoeError, OSError):
        server.stop_executions()
    with suppress(ZoeError):
        server.stop()
    census.end_all()
    server.remove()
    for left in census.left():
        sys.stderr.write(f"left behind: {left}\n")
