"""The doorbell between API and master, over ZeroMQ: a ring says "look now" and nothing else.

PostgreSQL holds the truth, so that a lost ring costs a delay, never an execution. Between processes both sides prove
who they are (CURVE), and whoever does not is not heard.
"""

import json
import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock

import zmq
from zmq.auth.thread import ThreadAuthenticator

from zoe.errors import ConfigInvalidError, Fault

Context = zmq.Context[zmq.Socket[bytes]]

_HERE = "inproc://zoe-bell"
_TOPIC = re.compile(rb"[a-z][a-z0-9-]{0,31}")
_DRAINED = 10_000
"""The most rings that one wait takes away: a storm must not keep the master from its work."""
_KEPT = 1_000
"""The rings that wait for a master that is away; they all say the same."""
_DOMAIN = b"zoe"
_ATTEMPTS, _PAUSE = 20, 0.05


@dataclass(frozen=True, slots=True)
class BusKeys:
    """The CURVE key pairs of a deployment: one for the bell, one for all who may ring it. Z85 text."""

    bell_public: str
    bell_secret: str = field(repr=False)
    ringer_public: str
    ringer_secret: str = field(repr=False)

    @classmethod
    def generate(cls) -> "BusKeys":
        """Make new ones."""
        return cls(*(key.decode() for _ in range(2) for key in zmq.curve_keypair()))

    @classmethod
    def from_json(cls, text: str) -> "BusKeys":
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Return a text to keep in a safe place."""
        return json.dumps(asdict(self))


class Bell:
    """The master's side. One thread waits; it is closed when that thread has ended."""

    def __init__(self, socket: zmq.Socket[bytes], authenticator: ThreadAuthenticator | None) -> None:
        self._socket = socket
        self._authenticator = authenticator

    def wait(self, timeout: float) -> set[str]:
        """Return the topics that were rung since last time, each once; empty after `timeout` seconds without a ring."""
        self._socket.poll(max(0, int(timeout * 1000)))
        rung = set()
        with suppress(zmq.Again):
            for _ in range(_DRAINED):
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
                if len(frames) == 1 and _TOPIC.fullmatch(frames[0]):
                    rung.add(frames[0].decode())
        return rung

    def close(self) -> None:
        """Hang it off; the address is free again."""
        self._socket.close(linger=0)
        if self._authenticator is not None:
            self._authenticator.stop()


class Ringer:
    """Rings the bell, from any thread."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        self._lock = Lock()

    def ring(self, topic: str) -> None:
        """Say "look now" about a topic (`[a-z][a-z0-9-]*`). Never waits, never fails: the master looks anyway."""
        with self._lock, suppress(zmq.ZMQError):
            self._socket.send(topic.encode("ascii"), zmq.NOBLOCK)

    def close(self) -> None:
        """Hang up. Later rings are lost."""
        with self._lock:
            self._socket.close()


@dataclass(frozen=True, slots=True)
class _Deployment:
    """Lets in who holds the ringers' key of this deployment: what the library asks for each handshake."""

    ringer_public: bytes

    def callback(self, domain: str, key: bytes) -> bool:  # noqa: ARG002 - the library's signature
        return key == self.ringer_public


def open_bell(endpoint: str, keys: BusKeys | None, context: Context) -> Bell:
    """Hang up the bell: for this process always, and at `endpoint` (tcp://, ipc://) for others, unless that is empty.

    Raises:
        ConfigInvalidError: nobody can listen there.

    """
    socket = context.socket(zmq.PULL)
    bell = Bell(socket, None)
    try:
        socket.bind(_HERE)
        if endpoint:
            bell = Bell(socket, _guarded(socket, _needed(keys), context))
            _listen(socket, endpoint)
    except zmq.ZMQError as error:
        bell.close()
        raise _unusable(f"nobody can listen at {endpoint or _HERE}: {error.strerror}") from error
    except BaseException:
        bell.close()
        raise
    return bell


def open_ringer(endpoint: str, keys: BusKeys | None, context: Context) -> Ringer:
    """Reach for the bell: in this process if `endpoint` is empty. It need not be there yet, and may go and come back.

    Raises:
        ConfigInvalidError: the address means nothing.

    """
    socket = context.socket(zmq.PUSH)
    socket.set_hwm(_KEPT)
    socket.linger = 200
    if endpoint:
        _identified(socket, _needed(keys))
    try:
        socket.connect(endpoint or _HERE)
    except zmq.ZMQError as error:
        socket.close(linger=0)
        raise _unusable(f"{endpoint} cannot be reached: {error.strerror}") from error
    return Ringer(socket)


def _guarded(socket: zmq.Socket[bytes], keys: BusKeys, context: Context) -> ThreadAuthenticator:
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve_callback(_DOMAIN.decode(), _Deployment(keys.ringer_public.encode()))
    socket.zap_domain = _DOMAIN
    socket.curve_server = True
    socket.curve_secretkey = keys.bell_secret.encode()
    socket.maxmsgsize = 4096  # a handshake fits; a stranger's gigabyte does not
    return authenticator


def _identified(socket: zmq.Socket[bytes], keys: BusKeys) -> None:
    socket.curve_serverkey = keys.bell_public.encode()
    socket.curve_publickey = keys.ringer_public.encode()
    socket.curve_secretkey = keys.ringer_secret.encode()
    socket.reconnect_ivl_max = 2_000
    socket.heartbeat_ivl = 10_000  # a master whose machine vanished says no goodbye


def _listen(socket: zmq.Socket[bytes], endpoint: str) -> None:
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            socket.bind(endpoint)
            break
        except zmq.ZMQError as error:
            # The library lets go of a closed socket's address a little later.
            if error.errno != zmq.EADDRINUSE or not attempts_left:
                raise
            time.sleep(_PAUSE)
    if endpoint.startswith("ipc://"):
        Path(endpoint.removeprefix("ipc://")).chmod(0o600)


def _needed(keys: BusKeys | None) -> BusKeys:
    if keys is None:
        raise _unusable("a bell that other processes ring needs keys")
    return keys


def _unusable(what: str) -> ConfigInvalidError:
    return ConfigInvalidError([Fault("bus.endpoint", what)])
