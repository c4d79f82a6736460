"""On whose feet services stand: as which user they run, and whether that user can get to their directories."""

import os
import stat
from pathlib import Path

from zoe.errors import BackendRefusedError

_FIRST_PERSON = 1000  # below are the accounts of the system


def service_uid(run_as: str, owner_uid: int, owner: str) -> int | None:
    """Return the user id for the services of somebody; None: as Zoe itself.

    Raises:
        BackendRefusedError: that id is no person's.

    """
    if run_as == "self" or os.geteuid() != 0:
        return None
    if owner_uid < _FIRST_PERSON:
        raise BackendRefusedError(
            f"services of '{owner}' would run with user id {owner_uid}, which belongs to the system: "
            f"give the user an id of {_FIRST_PERSON} or more"
        )
    return owner_uid


def require_way(directory: Path, uid: int) -> None:
    """See that a user can get to a directory.

    Raises:
        BackendRefusedError: some directory on the way is closed to that user.

    """
    for parent in [*reversed(directory.parents)]:
        found = parent.stat()
        shift = 6 if found.st_uid == uid else 3 if found.st_gid == uid else 0
        if not found.st_mode >> shift & stat.S_IXOTH:
            raise BackendRefusedError(
                f"user id {uid} cannot pass through the directory {parent} to {directory}: "
                f'`chmod o+x {parent}`, or set run_as = "self" for the backend'
            )


def make_workspace(directory: Path, uid: int | None) -> None:
    """Make a user's workspace, if it is not there, and see that the user can get to it.

    Raises:
        BackendRefusedError: it cannot be made, or not be reached.

    """
    try:
        if not directory.is_dir():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if uid is not None:
                os.chown(directory, uid, uid)
    except OSError as error:
        raise BackendRefusedError(f"the workspace {directory} cannot be made: {error.strerror}") from error
    if uid is not None:
        require_way(directory, uid)
