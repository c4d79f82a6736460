"""Where the embedded PostgreSQL's socket lies: private, and on a path short enough for a socket."""

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
        if len(bytes(self._wanted)) > _LONGEST:
            self._make_elsewhere()
        elif not self._wanted.exists():
            self._wanted.mkdir(mode=0o700)
            self._account.give(self._wanted)

    def remove(self) -> None:
        """Remove what lies outside of the data directory."""
        if self._wanted.is_symlink():
            shutil.rmtree(self.path, ignore_errors=True)
            self._wanted.unlink()

    def quoted(self) -> str:
        """Return the path as PostgreSQL's settings want it: a comma would separate two."""
        return '"' + str(self.path).replace('"', '""') + '"'

    def _make_elsewhere(self) -> None:
        if self._wanted.is_symlink():
            # Temporary directories are swept; whoever took the name since is not trusted with a password.
            if self._account.is_owner(self.path):
                return
            self._wanted.unlink()
        path = Path(tempfile.mkdtemp(prefix="zoe-", dir="/tmp"))  # TMPDIR may be long
        self._account.give(path)
        self._wanted.symlink_to(path)
