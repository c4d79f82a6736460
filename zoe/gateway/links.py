"""Under which addresses browsers find the gateway, and from it Zoe's own pages."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from zoe.config import GatewaySettings


@dataclass(frozen=True, slots=True)
class GatewayLinks:
    """Knows both origins; `port` and `web_port` are where the two listen, where no settings say more."""

    settings: GatewaySettings
    port: int
    web_port: int
    web_prefix: str = ""

    @property
    def scheme(self) -> str:
        """Return http or https: what a browser speaks, whoever ends its TLS."""
        return "https" if (self.settings.url or "").startswith("https:") else "http"

    def origin(self, host: str, execution: str | None) -> str:
        """Return the origin of an execution's pages, or of the gateway itself, for who came by this Host."""
        base = self.settings.url or f"http://{_name(host)}:{self.port}"
        if execution is None or self.settings.domain is None:
            return base
        port = urlsplit(base).port
        return f"{self.scheme}://{execution}.{self.settings.domain}{f':{port}' if port else ''}"

    def web(self, host: str) -> str:
        """Return where Zoe's own pages are for who came to the gateway by this Host."""
        name = self.settings.domain if self.settings.domain and self.execution(host) else _name(host)
        return (self.settings.web_url or f"http://{name}:{self.web_port}") + self.web_prefix

    def execution(self, host: str) -> str | None:
        """Return which execution a Host of the wildcard domain is of; None for every other Host."""
        name, _, parent = _name(host).lower().partition(".")
        return name if parent and parent == self.settings.domain and name.isdecimal() else None

    def is_web(self, origin: str, host: str) -> bool:
        """Tell whether a page of this origin is one of Zoe's own."""
        own = urlsplit(self.web(host))
        return origin == f"{own.scheme}://{own.netloc}"


def _name(host: str) -> str:
    """Return a Host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
