"""What the API answers, and what goes wrong on the way to it."""

import re
from typing import Any, NotRequired, TypedDict

from zoe.errors import ZoeError

API = "/api/0.7"
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
ENDED = frozenset({"terminated", "error"})

Document = dict[str, Any]


class ServerUnreachableError(ZoeError):
    """Zoe does not answer at {url} ({reason}): `zoe serve` starts it."""

    def __init__(self, url: str, error: Exception) -> None:
        super().__init__(url=url, reason=_ERRNO.sub("", str(error)) or type(error).__name__)


class ServerFailedError(ZoeError):
    """The server failed to do this; its log says why."""


class Execution(TypedDict):
    """One run of a ZApp, as the API tells it. Times in seconds since the epoch, UTC."""

    id: int
    user_id: int
    name: str
    description: Document
    time_submit: float
    time_start: float | None
    time_end: float | None
    status: str
    error_message: str | None
    services: list[int]
    size: int
    wait_reason: NotRequired[str | None]
    wait: NotRequired[
        Document | None
    ]  # {position, reason, possible, behind, remedy, start: {earliest, expected, latest}}
    progress: NotRequired[Document | None]  # {text, fraction}; the fraction is 0..1 or None
    exit_code: NotRequired[int | None]
    opportunistic: NotRequired[bool]
    backfill: NotRequired[str | None]
    states: NotRequired[list[Document]]  # from streams alone: its services
    ends_at: NotRequired[float | None]  # for its quota's runtime limit
    idle: NotRequired[Document | None]  # {since, step, elastic_deadline, deadline, kept_until, reason, signals, ...}
