"""How many files this process may have open: each connection through the gateway takes two."""

import resource
from contextlib import suppress

_ENOUGH = 65_536


def allow_many_files() -> None:
    """Raise the soft limit as far as it is of use and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
