"""The services of a ZApp as Zoe would run them: each a plain process tree on a loopback address of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from zapp_spark import java
from zoe import zapp
from zoe.plugin import Address, Deployment, NoSettings, RunningService, ZAppType

DEADLINE_S = 240
EXECUTION = 7
Seen = TypeVar("Seen")


@dataclass
class Cluster:
    """The services of one ZApp, started by hand in the order of the format."""

    home: Path
    network: str
    zapp_type: ZAppType
    document: zapp.ZApp
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instances = {instance.name: instance for instance in zapp.instances(self.document)}
        self.addresses = {name: f"{self.network}.{10 + index}" for index, name in enumerate(self.instances)}

    def start(self, *names: str) -> None:
        """Start instances, each in a session and a working directory of its own."""
        for name in names:
            self._start(name)

    def _start(self, name: str) -> None:
        instance, around = self.instances[name], self.around(name)
        directory = self.home / name
        (directory / "tmp").mkdir(parents=True)
        words = zapp.command(instance, around)
        assert isinstance(words, tuple)
        environment = {"PATH": java.search_path(), "TMPDIR": str(directory / "tmp"), "HOME": str(directory)}
        with (directory / "log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                words,
                cwd=directory,
                env=environment | zapp.environment(instance, around),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def around(self, name: str) -> zapp.Surroundings:
        ports = self.instances[name].service.ports
        return zapp.Surroundings(
            user_name="ada",
            uid=os.getuid(),
            gid=os.getgid(),
            execution_id=EXECUTION,
            execution_name="words",
            deployment_name="test",
            dns_names=self.addresses,
            address=self.addresses[name],
            workspace=str(self.home),
            proxy_paths={port.name: zapp.proxy_path(EXECUTION, name, port.name) for port in ports},
        )

    def log(self, name: str) -> str:
        return (self.home / name / "log").read_text(errors="replace")

    def services(self) -> list[RunningService]:
        return [RunningService(name, self.instances[name].service.name, self._dial(name)) for name in self.running]

    def _dial(self, name: str) -> Callable[[int], Address]:
        return lambda port: Address(self.addresses[name], port)

    def stop(self, name: str) -> int:
        """Ask one service to end; its exit code."""
        process = self.running[name]
        process.terminate()
        return process.wait(DEADLINE_S)

    def kill(self) -> None:
        for process in self.running.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()


@contextmanager
def cluster(home: Path, network: str, kind: type[ZAppType], **parameters: object) -> Iterator[Cluster]:
    zapp_type = kind(NoSettings(), Deployment("test", "id", home))
    document = zapp_type.zapp(kind.Parameters.model_validate(parameters))
    with ExitStack() as ending:
        made = Cluster(home, network, zapp_type, zapp.read(document))
        ending.callback(made.kill)
        yield made


def eventually(
    look: Callable[[], Seen], what: str, said: Callable[[], str] = str, deadline: float = DEADLINE_S
) -> Seen:
    """Look until there is something to see; what does not answer is asked again."""
    end, last = time.monotonic() + deadline, ""
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except (OSError, ValueError) as error:
            last = repr(error)
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come about: {last} {said()}")
