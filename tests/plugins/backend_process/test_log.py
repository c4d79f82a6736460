"""A service never suffers for its log, nor does anybody else."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_process.backend import ProcessBackend
from backend_process.keeper.log import LONGEST_LINE, Log
from tests.plugins.backend_process.kit import AS_ROOT, MakeBackend, Start, starter, words_of
from zoe.plugin import ServiceState
from zoe.testing.changes import Changes, watched

MIB = 1024**2
STAMP = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")


def lines_of(log: bytes) -> list[bytes]:
    """Return the lines without their times, each of which must be there."""
    lines = log.split(b"\n")
    assert lines.pop() == b""
    assert all(STAMP.match(line) for line in lines)
    return [line[20:] for line in lines]


def test_a_log_of_100_mb_is_cut_and_the_service_goes_on(make_backend: MakeBackend, tmp_path: Path) -> None:
    backend = make_backend(log_max_bytes=MIB)
    changes = watched(backend)
    report = starter(backend, tmp_path)(1, "yes something to say | head -c 100000000; exit 9")
    assert changes.wait_for(1, seconds=60).exit_code == 9
    log = b"".join(backend.logs(report.handle, follow=True))
    assert MIB - 100 < len(log) < MIB + 200
    *said, cut = lines_of(log)
    assert set(said) == {b"something to say"}
    assert b"reached its limit of 1048576 bytes" in cut


def test_binary_output_passes_as_it_is_in_lines(backend: ProcessBackend, start: Start, tmp_path: Path) -> None:
    noise = os.urandom(300_000)
    (tmp_path / "noise").write_bytes(noise)
    report = start(1, f"cat {tmp_path}/noise")
    lines = lines_of(b"".join(backend.logs(report.handle, follow=True)))
    assert b"\n".join(lines).rstrip(b"\n") == noise.rstrip(b"\n")


def test_a_line_without_end_is_split(backend: ProcessBackend, start: Start) -> None:
    report = start(1, "head -c 300000 /dev/zero | tr '\\0' x; echo; echo end")
    *pieces, end = lines_of(b"".join(backend.logs(report.handle, follow=True)))
    assert b"".join(pieces) == b"x" * 300_000
    assert max(map(len, pieces)) <= LONGEST_LINE
    assert end == b"end"


def test_a_follower_sees_each_line_as_it_comes(backend: ProcessBackend, start: Start, signal_pipe: Path) -> None:
    report = start(1, f"echo one; read word < {signal_pipe}; echo $word; exit 0")
    pieces = (piece for piece in backend.logs(report.handle, follow=True) if piece)
    assert next(pieces).endswith(b" one\n")
    signal_pipe.write_text("two\n")
    assert next(pieces).endswith(b" two\n")
    assert not list(pieces)


def test_an_unwritable_log_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/dev/full")
    log = Log(tmp_path / "log", MIB)
    log.append(b"lost\n")
    log.close()
    assert log.size == 0


@pytest.fixture
def small_disk(data_dir: Path) -> Iterator[Path]:
    """A file system of 1 MiB with the data directory on it."""
    if not AS_ROOT:
        pytest.skip("only root can mount a small file system to fill")
    data_dir.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(data_dir)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield data_dir
    subprocess.run(["umount", "-l", str(data_dir)], check=True)


def test_services_run_on_while_the_disk_is_full_and_the_gap_is_marked(
    small_disk: Path, make_backend: MakeBackend, tmp_path: Path, signal_pipe: Path
) -> None:
    backend = make_backend()
    changes: Changes = watched(backend)
    start = starter(backend, tmp_path)
    other = start(1, f"echo here; read word < {signal_pipe}; exit 5")
    words_of(backend, other)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    full = tmp_path / "full"
    os.mkfifo(full)
    report = start(2, f"yes before | head -c 3000000; echo > {full}; read word < {full}; echo after")
    full.read_text()
    signal_pipe.write_text("go\n")
    assert changes.wait_for(1).exit_code == 5
    ballast.unlink()
    full.write_text("there is room again\n")
    dead = changes.wait_for(2)
    assert (dead.state, dead.exit_code) == (ServiceState.DEAD, 0)
    *_, gap, after = lines_of(b"".join(backend.logs(report.handle, follow=True)))
    assert re.search(rb"\d+ bytes are missing here", gap)
    assert after == b"after"
