"""Where the embedded PostgreSQL's socket lies: private, and on a path that a socket can have."""

import shutil
import tempfile
from pathlib import Path

from zoe.state.postgres_account import PostgresAccount

PORT = "5432"
_LONGEST = 107 - len(f"/.s.PGSQL.{PORT}.lock")


class SocketDirectory:
    """A directory (0700) for the socket: `wanted`, or where that path is too long a temporary one it then links to."""

    def __init__(self, wanted: Path, account: PostgresAccount) -> None:
        self._wanted = wanted
        self._account = account

    @property
    def path(self) -> Path:
        """The directory itself, no link."""
        return self._wanted.readlink() if self._wanted.is_symlink() else self._wanted

    def make(self) -> None:
        """Make it, or find the one that a killed Zoe left behind: its server may still listen in there."""
        if self._wanted.is_symlink() and not self._account.is_owner(self.path):
            self._wanted.unlink()  # temporary directories are swept, and a stranger may have taken the name since
        elif self._wanted.exists() and (self._wanted.is_symlink() or self._fits()):
            return
        elif self._wanted.exists():  # somebody moved the data directory to a longer path
            shutil.rmtree(self._wanted)
        if self._fits():
            self._wanted.mkdir(mode=0o700)
        else:
            self._wanted.symlink_to(tempfile.mkdtemp(prefix="zoe-", dir="/tmp"))  # TMPDIR may be long
        self._account.give(self.path)

    def clear(self) -> None:
        """Remove a dead server's files: its number may be somebody else's by now, which PostgreSQL cannot tell."""
        for path in self.path.iterdir():
            path.unlink()

    def remove(self) -> None:
        """Remove what lies outside of the data directory."""
        if self._wanted.is_symlink():
            shutil.rmtree(self.path, ignore_errors=True)
            self._wanted.unlink()

    def _fits(self) -> bool:
        # libpq takes a comma for the end of one host's name.
        return len(bytes(self._wanted)) <= _LONGEST and "," not in str(self._wanted)

    def quoted(self) -> str:
        """Return the path as PostgreSQL's settings want it: a comma would separate two."""
        return '"' + str(self.path).replace('"', '""') + '"'
