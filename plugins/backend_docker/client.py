"""The connection to an engine: one pooled client, and what the library lacks."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import docker
from docker.tls import TLSConfig
from requests import Response
from requests.adapters import HTTPAdapter

from backend_docker.settings import EngineSettings

_POOL = 32
# A peer that vanished without a word is noticed within 20 s.
_KEEP_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
]
_HEADER = struct.Struct(">BxxxL")

Said = dict[str, Any]


class _WatchfulAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, socket_options=_KEEP_ALIVE, **options)


class Client(docker.APIClient):
    """Speaks with one engine; used by many threads."""

    def log_frames(self, container: str, *, follow: bool) -> "Frames":
        """Return what a container has said, with the engine's timestamps; `follow` until it ends."""
        address = self._url("/containers/{0}/logs", container)  # type: ignore[attr-defined]
        wanted = {"stdout": 1, "stderr": 1, "timestamps": 1, "follow": int(follow)}
        return Frames(self._checked(address, wanted))

    def service_log_frames(self, service: str, *, follow: bool) -> "Frames":
        """Return what the task of a Swarm service has said, as `log_frames` does."""
        address = self._url("/services/{0}/logs", service)  # type: ignore[attr-defined]
        wanted = {"stdout": 1, "stderr": 1, "timestamps": 1, "follow": int(follow)}
        return Frames(self._checked(address, wanted))

    def create_service_from(self, body: Said) -> str:
        """Make a Swarm service as described, and return its id: the library leaves out part of what can be said."""
        answer = self._post_json(self._url("/services/create"), data=body)  # type: ignore[attr-defined]
        self._raise_for_status(answer)  # type: ignore[attr-defined]
        return str(answer.json()["ID"])

    def update_service_to(self, service: str, version: int, body: Said) -> None:
        """Change a Swarm service into what is described."""
        address = self._url("/services/{0}/update", service)  # type: ignore[attr-defined]
        self._raise_for_status(self._post_json(address, data=body, params={"version": version}))  # type: ignore[attr-defined]

    def event_stream(self, since: int, filters: Said) -> "Events":
        """Return what happens from a moment on (epoch seconds on the engine's own clock)."""
        address = self._url("/events")  # type: ignore[attr-defined]
        return Events(self._checked(address, {"since": since, "filters": json.dumps(filters)}))

    def _checked(self, address: str, wanted: Said) -> Response:
        response: Response = self._get(address, params=wanted, stream=True, timeout=(self.timeout, None))  # type: ignore[attr-defined]
        self._raise_for_status(response)  # type: ignore[attr-defined]
        return response


class Events:
    """A stream of what happens; `close` ends it from any thread."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[Said]:
        try:
            for line in self._response.iter_lines(chunk_size=None):
                if line:
                    yield json.loads(line)
        finally:
            self._response.close()

    def close(self) -> None:
        """End the stream."""
        hang_up(self._response)


class Frames:
    """A stream of (1 stdout or 2 stderr, bytes); `close` ends it from any thread."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        raw = self._response.raw
        try:
            while len(header := raw.read(_HEADER.size)) == _HEADER.size:
                stream, length = _HEADER.unpack(header)
                yield stream, raw.read(length)
        finally:
            self._response.close()

    def close(self) -> None:
        """End the stream: what waits for its next frame gets none."""
        hang_up(self._response)


def hang_up(response: Response) -> None:
    """End an answer that is still being read, perhaps by another thread, which merely closing would not wake."""
    with suppress(AttributeError, OSError):
        answer: Any = response.raw
        raw = answer._fp.fp.raw
        raw._sock.shutdown(socket.SHUT_RDWR)


def _knock(url: str) -> None:
    # The library leaves its socket open where nobody answers.
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(url.removeprefix("unix://"))


def connect(engine: EngineSettings, timeout: float) -> Client:
    """Return a client of an engine; asks it for its version."""
    _knock(engine.url)
    tls: TLSConfig | bool = False
    if engine.tls is not None:
        files = (str(engine.tls.cert), str(engine.tls.key))
        tls = TLSConfig(client_cert=files, ca_cert=str(engine.tls.ca), verify=True)
    client = Client(
        engine.url,
        version="auto",
        timeout=int(timeout),
        tls=tls,
        use_ssh_client=True,
        num_pools=_POOL,
        max_pool_size=_POOL,
    )
    # The environment's proxies are for the world outside; looking for them costs as much as the call.
    client.trust_env = False
    if engine.url.startswith("tcp:"):
        client.mount(client.base_url, _WatchfulAdapter(pool_connections=_POOL, pool_maxsize=_POOL))
    return client
