"""Whom the embedded PostgreSQL runs as: ourselves, or, where we are root (which it refuses), somebody less powerful."""

import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zoe.errors import StateError

# PostgreSQL asks access(2), which forgets the capabilities of everybody but root unless the last word here is said.
_READ_BELOW_CLOSED_DIRECTORIES = (
    *("--inh-caps", "+dac_read_search"),
    *("--ambient-caps", "+dac_read_search"),
    *("--securebits", "+no_setuid_fixup"),
)


@dataclass(frozen=True, slots=True)
class PostgresAccount:
    """A user of this machine, or nobody else than who we are (`uid` is None)."""

    uid: int | None = None
    gid: int = -1

    def give(self, path: Path) -> None:
        """Make this account the owner of a file or directory."""
        if self.uid is not None:
            os.chown(path, self.uid, self.gid)

    def is_owner(self, path: Path) -> bool:
        """Tell whether the path is there, no link, and this account's."""
        try:
            return path.lstat().st_uid == (os.geteuid() if self.uid is None else self.uid)
        except FileNotFoundError:
            return False

    def prefix(self, paths: Sequence[Path]) -> list[str]:
        """Return the words in front of a command that must reach `paths`; no parent directory is ever opened up."""
        if self.uid is None:
            return []
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise StateError("As root, the embedded PostgreSQL needs the command `setpriv` (package util-linux).")
        words = [setpriv, "--reuid", str(self.uid), "--regid", str(self.gid), "--clear-groups"]
        reachable = all(self._searches(parent) for path in paths for parent in path.parents)
        return words if reachable else [*words, *_READ_BELOW_CLOSED_DIRECTORIES]

    def _searches(self, directory: Path) -> bool:
        facts = directory.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & stat.S_IXUSR)
        return bool(facts.st_mode & (stat.S_IXGRP if facts.st_gid == self.gid else stat.S_IXOTH))


@cache
def postgres_account() -> PostgresAccount:
    """Choose the account: as root `postgres` if this machine knows it, else `nobody`; otherwise who we are."""
    if os.geteuid() != 0:
        return PostgresAccount()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return PostgresAccount(entry.pw_uid, entry.pw_gid)
    raise StateError("PostgreSQL refuses to run as root, and this machine has no user `postgres` and no `nobody`.")
