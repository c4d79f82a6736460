"""A user's workspace: made where it is missing, for the engine mounts only what is there."""

import os
from pathlib import Path

from zoe.errors import BackendRefusedError


def make_workspace(directory: Path, owner_uid: int) -> None:
    """Make a workspace that belongs to its owner.

    Raises:
        BackendRefusedError: it cannot be made.

    """
    try:
        if directory.exists():
            return
        directory.mkdir(parents=True)
        directory.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(directory, owner_uid, owner_uid)
    except FileExistsError:
        return
    except OSError as error:
        raise BackendRefusedError(f"the workspace {directory} cannot be made: {error.strerror}") from error
