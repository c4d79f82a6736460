"""What every backend has to do, as tests: subclass `BackendContract` in a test module, and say how to make yours.

    class TestMyBackend(BackendContract):
        @pytest.fixture
        def make_backend(self, tmp_path):
            return lambda: MyBackend(MyBackend.Settings(), Deployment("test", "some-id", tmp_path))

The commands are lines for a POSIX shell; set `image` if your backend needs one that has it.
"""
# ruff: noqa: S101, D102 - these are tests: they assert, and their names say what

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest

from zoe.errors import BackendRefusedError
from zoe.plugin import Backend, ServiceId, ServiceReport, ServiceState
from zoe.testing.changes import ENDED, Changes, watched
from zoe.testing.service_spec import Command, service_spec

LINE = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*\n")
FOR_EVER = "sleep 1000"
IGNORES_SIGTERM = "trap '' TERM; echo ready; while :; do sleep 1000; done"


class BackendContract:
    """Tests of the contract of `zoe.plugin.Backend`. Override the fixture `make_backend`; the rest may stay."""

    image: ClassVar[str] = "busybox"
    owner_uid: ClassVar[int] = 1000

    @pytest.fixture
    def make_backend(self) -> Callable[[], Backend]:
        """Return what makes a backend, not yet opened; each call for the same deployment."""
        raise NotImplementedError("override the fixture `make_backend`")

    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Path:
        """Return the directory that is the workspace of all services here."""
        return tmp_path / "workspace"

    @pytest.fixture
    def backend(self, make_backend: Callable[[], Backend]) -> Iterator[Backend]:
        """Open a backend; at the end nothing of its services is left."""
        backend = make_backend()
        backend.open()
        yield backend
        for report in list(backend.services()):
            backend.stop(report.handle, 0)
            backend.remove(report.handle)
        backend.close()

    @pytest.fixture
    def changes(self, backend: Backend) -> Changes:
        """Watch the backend."""
        return watched(backend)

    @pytest.fixture
    def start(self, backend: Backend, workspace: Path) -> Callable[..., ServiceReport]:
        """Return what starts a service: `start(number, command, field=value ...)`."""

        def start(number: int, command: Command, **fields: object) -> ServiceReport:
            fields = {"image": self.image, "owner_uid": self.owner_uid, **fields}
            return backend.start(service_spec(backend, workspace, number, command, **fields), backend.nodes()[0].name)

        return start

    def test_every_node_has_a_name_of_its_own_and_something_to_give(self, backend: Backend) -> None:
        nodes = backend.nodes()
        assert nodes
        assert len({node.name for node in nodes}) == len(nodes)
        assert all(node.total.cores > 0 and node.total.memory > 0 for node in nodes)

    def test_a_started_service_is_reported(self, backend: Backend, start: Callable[..., ServiceReport]) -> None:
        report = start(1, FOR_EVER)
        assert report.who == ServiceId(1, 1001, "work0")
        assert report.state == ServiceState.STARTED
        assert report.node == backend.nodes()[0].name
        assert [found.handle for found in backend.services()] == [report.handle]

    def test_starting_a_service_that_is_there_finds_it(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        first, second = start(1, FOR_EVER), start(1, FOR_EVER)
        assert second.handle == first.handle
        assert len(list(backend.services())) == 1

    @pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)])
    def test_the_death_of_a_service_is_told_with_its_exit_code(
        self, changes: Changes, start: Callable[..., ServiceReport], command: str, code: int
    ) -> None:
        start(1, command)
        report = changes.wait_for(1)
        assert (report.state, report.exit_code) == (ServiceState.DEAD, code)
        assert report.at is not None

    def test_a_service_that_has_ended_is_reported_until_it_is_removed(
        self, backend: Backend, changes: Changes, start: Callable[..., ServiceReport]
    ) -> None:
        handle = start(1, "exit 3").handle
        changes.wait_for(1)
        assert [report.exit_code for report in backend.services()] == [3]
        backend.remove(handle)
        assert not list(backend.services())

    def test_the_environment_of_the_description_arrives(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        awkward = 'a "b" $HOME {c} = ü\nsecond line'
        handle = start(1, 'printf "%s\\n" "$AWKWARD"', environment={"AWKWARD": awkward}).handle
        log = b"".join(backend.logs(handle, follow=True))
        assert [line[20:] for line in log.decode().splitlines()] == awkward.split("\n")

    def test_words_are_not_read_by_a_shell(self, backend: Backend, start: Callable[..., ServiceReport]) -> None:
        handle = start(1, ("echo", "$HOME; exit 3", "*")).handle
        assert b"".join(backend.logs(handle, follow=True))[20:] == b"$HOME; exit 3 *\n"

    def test_a_command_that_does_not_exist_is_refused_with_its_name(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        with pytest.raises(BackendRefusedError, match="no-such-command"):
            start(1, ("no-such-command",))
        assert not [report for report in backend.services() if report.state == ServiceState.STARTED]

    def test_a_refused_service_does_not_hurt_the_others(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        start(1, FOR_EVER)
        with suppress(BackendRefusedError):
            start(2, ("no-such-command",))
        assert {report.who.id: report.state for report in backend.services()}[1] == ServiceState.STARTED

    def test_stop_returns_when_the_service_has_ended(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        backend.stop(start(1, FOR_EVER).handle, 10)
        assert all(report.state in ENDED for report in backend.services())

    def test_a_service_that_ignores_sigterm_is_killed_after_the_grace(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        handle = start(1, IGNORES_SIGTERM).handle
        next(piece for piece in backend.logs(handle, follow=True) if piece)
        backend.stop(handle, 0.2)
        assert all(report.state in ENDED for report in backend.services())

    def test_what_is_gone_is_stopped_and_removed(self, backend: Backend, start: Callable[..., ServiceReport]) -> None:
        handle = start(1, FOR_EVER).handle
        for _ in range(2):
            backend.stop(handle, 10)
        for _ in range(2):
            backend.remove(handle)
        backend.stop(handle, 10)
        assert not list(backend.services())
        assert not b"".join(backend.logs(handle, follow=True))

    def test_the_log_has_whole_lines_with_their_time_from_its_start(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        handle = start(1, "echo one; echo two >&2; echo; printf three").handle
        pieces = list(backend.logs(handle, follow=True))
        lines = b"".join(pieces).splitlines(keepends=True)
        assert all(piece.endswith(b"\n") for piece in pieces if piece)
        assert all(LINE.fullmatch(line) for line in lines)
        assert [line[20:-1] for line in lines] == [b"one", b"two", b"", b"three"]

    def test_the_log_can_be_read_while_the_service_runs_and_after_it_was_stopped(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        handle = start(1, "echo one; " + FOR_EVER).handle
        following = (piece for piece in backend.logs(handle, follow=True) if piece)
        assert b"one" in next(following)
        assert b"one" in b"".join(backend.logs(handle, follow=False))
        backend.stop(handle, 10)
        assert not list(following)
        assert b"one" in b"".join(backend.logs(handle, follow=False))

    def test_services_outlive_the_backend_and_are_found_again(
        self, make_backend: Callable[[], Backend], start: Callable[..., ServiceReport]
    ) -> None:
        before = start(1, FOR_EVER)
        other = make_backend()
        other.open()
        try:
            found = list(other.services())
        finally:
            other.close()
        assert [(report.handle, report.who, report.state) for report in found] == [
            (before.handle, before.who, ServiceState.STARTED)
        ]

    def test_addresses_are_known_before_the_service_runs(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        who = ServiceId(1, 1001, "work0")
        before = backend.dns_name(who), backend.bind_address(who)
        report = start(1, FOR_EVER)
        assert (backend.dns_name(who), backend.bind_address(who)) == before
        assert backend.address(report.handle, 8080).port == 8080

    def test_usage_is_told_of_what_runs_alone(
        self, backend: Backend, changes: Changes, start: Callable[..., ServiceReport]
    ) -> None:
        running, ended = start(1, FOR_EVER).handle, start(2, "exit 0").handle
        changes.wait_for(2)
        usage = backend.usage([running, ended])
        assert set(usage) == {running}
        assert usage[running].memory > 0
        assert usage[running].cores >= 0

    def test_many_threads_may_call_at_once(self, changes: Changes, start: Callable[..., ServiceReport]) -> None:
        with ThreadPoolExecutor(8) as pool:
            reports = list(pool.map(lambda number: start(number, "exit 0"), range(1, 17)))
        assert len({report.handle for report in reports}) == 16
        assert [changes.wait_for(number).exit_code for number in range(1, 17)] == [0] * 16
