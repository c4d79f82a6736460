"""The connection to an engine: one pooled client, and what the library lacks."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from ssl import SSLError
from typing import Any

import docker
from docker.errors import DockerException
from docker.tls import TLSConfig
from requests import Response
from requests.adapters import HTTPAdapter

from backend_docker.settings import EngineSettings
from backend_docker.ssh import BASE_URL, SshAdapter, knock, words
from backend_docker.words import innermost

_POOL = 32
_OLDEST = "1.41"  # the API of Docker 20.10
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

    def agree_on_version(self) -> None:
        """Speak the newest version of the API that both know: the library asks before one can say how to get there."""
        self._version = self._retrieve_server_version()  # type: ignore[attr-defined]

    def log_frames(self, container: str, *, follow: bool, since: int = 0) -> "Frames":
        """Return what a container has said since then (epoch seconds), with timestamps; `follow` until it ends."""
        address = self._url("/containers/{0}/logs", container)  # type: ignore[attr-defined]
        wanted = {"stdout": 1, "stderr": 1, "timestamps": 1, "follow": int(follow), "since": since}
        return Frames(self._checked(address, wanted))

    def service_log_frames(self, service: str, *, follow: bool, since: int = 0) -> "Frames":
        """Return what the task of a Swarm service has said, as `log_frames` does; a node may never answer."""
        address = self._url("/services/{0}/logs", service)  # type: ignore[attr-defined]
        wanted = {"stdout": 1, "stderr": 1, "timestamps": 1, "follow": int(follow), "since": since}
        return Frames(self._checked(address, wanted, None if follow else self.timeout))

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

    def _checked(self, address: str, wanted: Said, silence: float | None = None) -> Response:
        response: Response = self._get(address, params=wanted, stream=True, timeout=(self.timeout, silence))  # type: ignore[attr-defined]
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


def connect(engine: EngineSettings, timeout: float) -> Client:
    """Return a client of an engine; asks it for its version."""
    by_ssh = engine.url.startswith("ssh:")
    command = words(engine, timeout) if by_ssh else []
    if by_ssh:
        knock(command, timeout)
    else:
        _knock(engine.url)
    url = BASE_URL if by_ssh else engine.url
    client = Client(url, tls=_tls(engine), version=_OLDEST, timeout=int(timeout), max_pool_size=_POOL)
    # The environment's proxies and authorities are for the world outside, and would count more than the settings.
    client.trust_env = False
    if by_ssh:
        client.mount(BASE_URL, SshAdapter(command, _POOL))
    elif engine.url.startswith("tcp:"):
        client.mount(client.base_url, _WatchfulAdapter(pool_connections=_POOL, pool_maxsize=_POOL))
    try:
        client.agree_on_version()
    except DockerException as error:
        client.close()
        if engine.tls is not None and isinstance(innermost(error), ConnectionResetError | BrokenPipeError):
            raise SSLError("it hung up") from None  # a refusal may be overtaken by the end of the connection
        raise
    return client


def _knock(url: str) -> None:
    # The library leaves its socket open where nobody answers.
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(url.removeprefix("unix://"))


def _tls(engine: EngineSettings) -> TLSConfig | bool:
    if engine.tls is None:
        return False
    for path in (engine.tls.ca, engine.tls.cert, engine.tls.key):
        with path.open("rb"):  # who may not read it says so in his own words
            pass
    return TLSConfig(client_cert=(str(engine.tls.cert), str(engine.tls.key)), ca_cert=str(engine.tls.ca), verify=True)
