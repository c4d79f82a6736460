"""The doorbell, over real sockets."""

import stat
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from zoe.bus import Bell, BusKeys, Context, Ringer, open_bell, open_ringer
from zoe.errors import ConfigInvalidError

PATIENCE = 60.0
_FAILED = zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL


class Party:
    """One process, as far as ZeroMQ knows: a context of its own, and all that was opened in it."""

    def __init__(self, stack: ExitStack) -> None:
        self.context: Context = zmq.Context()
        stack.callback(self.context.destroy, linger=0)
        self._stack = stack

    def bell(self, endpoint: str = "", keys: BusKeys | None = None) -> Bell:
        return self._stack.enter_context(closing(open_bell(endpoint, keys, self.context)))

    def ringer(self, endpoint: str = "", keys: BusKeys | None = None) -> Ringer:
        return self._stack.enter_context(closing(open_ringer(endpoint, keys, self.context)))

    def is_refused(self, endpoint: str, mechanism: Mapping[zmq.SocketOption, bytes]) -> bool:
        """Ring as a stranger would, and tell whether the other side broke the connection off."""
        socket = self._stack.enter_context(self.context.socket(zmq.PUSH))
        for option, value in mechanism.items():
            socket.set(option, value)
        monitor = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | _FAILED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        socket.connect(endpoint)
        socket.send(b"stranger", zmq.NOBLOCK)
        assert monitor.poll(int(PATIENCE * 1000))
        event = recv_monitor_message(monitor)["event"]
        socket.disable_monitor()
        monitor.close()
        socket.linger = 0
        return event != zmq.EVENT_HANDSHAKE_SUCCEEDED


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def master(stack: ExitStack) -> Party:
    return Party(stack)


@pytest.fixture
def api(stack: ExitStack) -> Party:
    return Party(stack)


@pytest.fixture
def keys() -> BusKeys:
    return BusKeys.generate()


def heard(bell: Bell, topics: set[str]) -> bool:
    deadline = time.monotonic() + PATIENCE
    missing = set(topics)
    while missing and time.monotonic() < deadline:
        missing -= bell.wait(0.5)
    return not missing


def rings_until_heard(ring: Callable[[], None], bell: Bell, topic: str) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ring()
        if topic in bell.wait(0.05):
            return True
    return False


def test_a_ring_in_one_process_wakes_the_bell_with_its_topic(master: Party) -> None:
    bell, ringer = master.bell(), master.ringer()
    ringer.ring("submission")
    assert bell.wait(PATIENCE) == {"submission"}


def test_a_wait_without_a_ring_ends_empty(master: Party) -> None:
    assert master.bell().wait(0.01) == set()


def test_many_rings_are_one_answer_and_are_gone_afterwards(master: Party) -> None:
    bell, ringer = master.bell(), master.ringer()
    for topic in ("stop", "submission", "stop") * 100:
        ringer.ring(topic)
    assert bell.wait(PATIENCE) == {"stop", "submission"}
    assert bell.wait(0) == set()


def test_eight_threads_may_ring_one_ringer_at_a_time(master: Party) -> None:
    bell, ringer = master.bell(), master.ringer()

    def rings(thread: int) -> None:
        for number in range(100):
            ringer.ring(f"t{thread}-{number}")

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(rings, thread) for thread in range(8)]
        assert heard(bell, {f"t{thread}-{number}" for thread in range(8) for number in range(100)})
    assert [future.result() for future in done] == [None] * 8


def test_rings_before_the_bell_is_there_wait_for_it(master: Party) -> None:
    master.ringer().ring("early")
    assert heard(master.bell(), {"early"})


def test_a_full_queue_and_a_closed_ringer_drop_rings_without_a_word(api: Party, keys: BusKeys) -> None:
    ringer = api.ringer("ipc:///nowhere/at/all", keys)
    for _ in range(3_000):
        ringer.ring("stop")
    ringer.close()
    ringer.ring("stop")


@pytest.fixture(params=["tcp", "ipc"])
def endpoint(request: pytest.FixtureRequest, tmp_path: Path, master: Party) -> str:
    if request.param == "ipc":
        return f"ipc://{tmp_path}/bell"
    with master.context.socket(zmq.PULL) as probe:
        return f"tcp://127.0.0.1:{probe.bind_to_random_port('tcp://127.0.0.1')}"


def test_another_process_rings_with_the_keys(endpoint: str, keys: BusKeys, master: Party, api: Party) -> None:
    bell, ringer = master.bell(endpoint, keys), api.ringer(endpoint, keys)
    ringer.ring("submission")
    assert heard(bell, {"submission"})


def test_a_networked_bell_is_still_rung_from_its_own_process(endpoint: str, keys: BusKeys, master: Party) -> None:
    bell, ringer = master.bell(endpoint, keys), master.ringer()
    ringer.ring("call-done")
    assert heard(bell, {"call-done"})


def test_a_ringer_finds_the_bell_again_after_the_master_restarted(
    endpoint: str, keys: BusKeys, master: Party, api: Party, stack: ExitStack
) -> None:
    bell, ringer = master.bell(endpoint, keys), api.ringer(endpoint, keys)
    assert rings_until_heard(lambda: ringer.ring("before"), bell, "before")
    bell.close()
    bell = Party(stack).bell(endpoint, keys)
    assert rings_until_heard(lambda: ringer.ring("after"), bell, "after")


def test_a_stranger_without_keys_or_with_others_rings_nothing(
    endpoint: str, keys: BusKeys, master: Party, api: Party
) -> None:
    bell, others = master.bell(endpoint, keys), BusKeys.generate()
    guessed = {
        zmq.CURVE_SERVERKEY: keys.bell_public.encode(),
        zmq.CURVE_PUBLICKEY: others.ringer_public.encode(),
        zmq.CURVE_SECRETKEY: others.ringer_secret.encode(),
    }
    assert api.is_refused(endpoint, {})
    assert api.is_refused(endpoint, guessed)
    friend = api.ringer(endpoint, keys)
    friend.ring("friend")
    assert bell.wait(PATIENCE) == {"friend"}


def test_a_ringer_does_not_talk_to_a_bell_with_other_keys(
    endpoint: str, keys: BusKeys, master: Party, api: Party
) -> None:
    others = BusKeys.generate()
    bell = master.bell(endpoint, BusKeys(others.bell_public, others.bell_secret, keys.ringer_public, ""))
    api.ringer(endpoint, keys).ring("secret")
    master.ringer().ring("bait")
    assert heard(bell, {"bait"})
    assert bell.wait(0.2) == set()


def test_what_is_no_topic_is_ignored(master: Party) -> None:
    bell = master.bell()
    with master.context.socket(zmq.PUSH) as raw:
        raw.connect("inproc://zoe-bell")
        raw.send(b"../etc\xff")
        raw.send_multipart([b"stop", b"and more"])
        raw.send(b"stop")
        assert bell.wait(PATIENCE) == {"stop"}


def test_an_ipc_socket_is_nobody_else_s(tmp_path: Path, keys: BusKeys, master: Party) -> None:
    master.bell(f"ipc://{tmp_path}/bell", keys)
    assert stat.S_IMODE((tmp_path / "bell").stat().st_mode) == 0o600


def test_an_address_in_use_is_said(keys: BusKeys, master: Party, api: Party) -> None:
    with api.context.socket(zmq.PULL) as other:
        port = other.bind_to_random_port("tcp://127.0.0.1")
        with pytest.raises(ConfigInvalidError, match=rf"bus.endpoint: nobody can listen at tcp://127.0.0.1:{port}"):
            master.bell(f"tcp://127.0.0.1:{port}", keys)


def test_an_endpoint_without_keys_is_refused(master: Party) -> None:
    with pytest.raises(ConfigInvalidError, match="needs keys"):
        master.bell("tcp://127.0.0.1:1", None)


def test_keys_survive_being_written_down_and_hide_their_secrets() -> None:
    keys = BusKeys.generate()
    assert BusKeys.from_json(keys.to_json()) == keys
    assert keys.bell_secret not in repr(keys)
    assert keys.ringer_secret not in repr(keys)
