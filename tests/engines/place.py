"""Where engines of the tests live, and what was noted of them: the next run clears away what a crash left."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

NOTES = Path("/run/zoe-test-engines")


@dataclass(frozen=True, slots=True)
class Place:
    """One kind of engine on this machine: its directory and what it was like here before.

    `kept`: it was started by hand and stays until it is taken down by hand.
    """

    kind: str
    directory: Path
    kept: bool
    forward_policy: str
    ip_forward: str
    docker_chains: bool

    def forget(self) -> None:
        """Delete the directory and the note."""
        shutil.rmtree(self.directory, ignore_errors=True)
        _note(self.kind).unlink(missing_ok=True)


def noted(kind: str) -> Place | None:
    """Return what is noted of this kind of engine."""
    try:
        found = json.loads(_note(kind).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Place(**{**found, "directory": Path(found["directory"])})


def new_place(kind: str, *, kept: bool, before: dict[str, str | bool]) -> Place:
    """Make a directory, below ZOE_TEST_DIR where that is set, and note it before anything is in it."""
    parent = os.environ.get("ZOE_TEST_DIR")
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    # Short: the path of a socket may have 108 characters.
    directory = Path(tempfile.mkdtemp(prefix=f"zoe-{kind}-", dir=parent))
    directory.chmod(0o711)
    place = Place(kind, directory, kept, **before)  # type: ignore[arg-type]
    text = json.dumps({**asdict(place), "directory": str(directory)})
    _note(kind).write_text(text, encoding="utf-8")
    return place


@contextmanager
def lock(kind: str) -> Iterator[None]:
    """Have this kind of engine for oneself: waits for another run of the tests; a crash gives it back."""
    NOTES.mkdir(mode=0o700, exist_ok=True)
    with (NOTES / f"{kind}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cache() -> Path:
    """Return the directory where images are kept between runs: ZOE_TEST_CACHE or ~/.cache/zoe-tests."""
    directory = Path(os.environ.get("ZOE_TEST_CACHE") or Path.home() / ".cache" / "zoe-tests")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _note(kind: str) -> Path:
    NOTES.mkdir(mode=0o700, exist_ok=True)
    return NOTES / f"{kind}.json"
