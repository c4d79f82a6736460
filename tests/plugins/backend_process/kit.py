import os
import select
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from backend_process.backend import ProcessBackend
from zoe.plugin import ServiceReport
from zoe.testing.service_spec import Command, service_spec

MakeBackend = Callable[..., ProcessBackend]
Start = Callable[..., ServiceReport]
AS_ROOT = os.geteuid() == 0


def starter(backend: ProcessBackend, directory: Path) -> Start:
    def start(number: int, command: Command, **fields: object) -> ServiceReport:
        return backend.start(
            service_spec(backend, directory / "workspace", number, command, **fields), backend.nodes()[0].name
        )

    return start


def processes_of(data_dir: Path) -> list[int]:
    """Return the processes whose environment or command names this data directory: services and keepers."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                text = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if str(data_dir).encode() in text:
                    found.append(int(entry.name))
    return found


def wait_for_end(pid: int, seconds: float = 60.0) -> None:
    """Wait until a process that is not our child has ended."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            assert select.select([descriptor], [], [], seconds)[0], f"process {pid} still runs"
        finally:
            os.close(descriptor)


def is_running(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def words_of(backend: ProcessBackend, report: ServiceReport, lines: int = 1) -> list[str]:
    """Wait until a service has printed some lines; return them without their times."""
    log = b""
    for piece in backend.logs(report.handle, follow=True):
        log += piece
        if log.count(b"\n") >= lines:
            break
    return [line[20:].decode(errors="replace") for line in log.splitlines()]
