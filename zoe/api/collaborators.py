"""What the API works with: everything is passed in, so that a test can pass in its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from zoe.api.metering import Metrics
from zoe.config import Settings
from zoe.plugin import Authenticator, ZAppType
from zoe.state.database import Database


class Logs(Protocol):
    """Opens the log of a service."""

    def __call__(self, service_id: int, follow: bool, /) -> Iterator[bytes]:
        """Yield whole lines `YYYY-MM-DD HH:MM:SS text`; with `follow` until the service ends.

        Raises:
            NotFoundError: there is no such service, or it has no log.

        """
        ...


class Links(Protocol):
    """Knows under which addresses browsers find the gateway; `host` is the Host that they reached Zoe's API by."""

    def origin(self, host: str, execution: str | None, /) -> str:
        """Return the origin under which the pages of an execution are, or that of the streams and of `zoe proxy`."""
        ...


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Who the API works with.

    `ring(topic)` is called after a commit, with "submission", "stop" or "accounts". `forget_logs(execution_id)`
    removes the logs of an ended execution. `now` tells seconds since the epoch. `offers` is what `GET /plugins`
    answers: kind, name, summary, package, version, in_use of each plugin. `max_upload` in bytes. `gateway`: None where
    there is none. `one_node_networks`: as the backend says, see `zoe.plugin.Backend`.
    """

    database: Database
    settings: Settings
    ring: Callable[[str], None]
    logs: Logs
    forget_logs: Callable[[int], None]
    hash_password: Callable[[str], str]
    now: Callable[[], float]
    cookie_key: str = field(repr=False)
    zapp_types: Mapping[str, ZAppType] = field(default_factory=dict)
    authenticators: Mapping[str, Authenticator] = field(default_factory=dict)
    offers: Sequence[Mapping[str, object]] = ()
    max_upload: int = 256 * 1024**2
    metrics: Metrics = field(default_factory=Metrics)
    gateway: Links | None = None
    one_node_networks: bool = False

    def link(self, host: str, page: str | None) -> str | None:
        """Return the address of a page behind the gateway, `/<execution>/...`, for who asks under this Host."""
        if self.gateway is None or page is None:
            return None
        return self.gateway.origin(host, page.split("/", 2)[1]) + page
