"""The embedded PostgreSQL and the ownership of a data directory, with real servers and real processes."""

import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import psycopg2
import pytest

import zoe
from zoe.errors import AlreadyOwnedError, StateError
from zoe.state.embedded import EmbeddedPostgres
from zoe.state.ownership import own

PATIENCE = 60.0


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped server's directory: initdb takes a second, a copy does not."""
    directory = tmp_path_factory.mktemp("template") / "postgres"
    with EmbeddedPostgres(directory) as url:
        ask(url, "CREATE TABLE kept (what text); INSERT INTO kept VALUES ('this')")
    return directory


@pytest.fixture(scope="module")
def running(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A server that runs, for tests that only look; its path is odd, but not too long for a socket."""
    odd = tmp_path_factory.mktemp("o") / "a 'b\" %20"
    subprocess.run(["cp", "-a", template, odd], check=True)
    with EmbeddedPostgres(odd) as url:
        yield odd, url


@pytest.fixture
def directory(template: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", template, tmp_path / "postgres"], check=True)
    return tmp_path / "postgres"


@pytest.fixture
def server(directory: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(directory)
    yield server
    server.stop()


def ask(url: str, sql: str) -> str | None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0]) if cursor.description else None  # type: ignore[index]


def postmaster(directory: Path) -> psutil.Process:
    return psutil.Process(int((directory / "cluster/postmaster.pid").read_text().split()[0]))


def left_by_a_killed_zoe(directory: Path, sql: str = "SELECT 1") -> psutil.Process:
    """Start a server from a process that asks it something and is killed."""
    code = """if True:
        import os, sys, psycopg2, pathlib, zoe.state.embedded
        connection = psycopg2.connect(zoe.state.embedded.EmbeddedPostgres(pathlib.Path(sys.argv[1])).start())
        connection.cursor().execute(sys.argv[2])
        connection.commit()
        os.kill(os.getpid(), 9)"""
    killed = subprocess.run([sys.executable, "-c", code, directory, sql], check=False)
    assert killed.returncode == -signal.SIGKILL
    return postmaster(directory)


def test_the_database_is_utf8_syncs_and_listens_on_no_port(running: tuple[Path, str]) -> None:
    directory, url = running
    assert urlsplit(url).path == "/zoe"
    for name, value in (
        ("server_encoding", "UTF8"),
        ("fsync", "on"),
        ("listen_addresses", ""),
        ("data_checksums", "on"),
    ):
        assert ask(url, f"SELECT current_setting('{name}')") == value
    assert postmaster(directory).net_connections("inet") == []
    assert ask(url, "SELECT what FROM kept") == "this"


def test_what_is_stored_survives_a_restart(directory: Path) -> None:
    for _ in range(2):
        with EmbeddedPostgres(directory) as url:
            assert ask(url, "SELECT what FROM kept") == "this"


def test_nobody_gets_in_without_the_password(running: tuple[Path, str]) -> None:
    directory, url = running
    host = quote(str(directory / "socket"), safe="")
    assert host in url
    for stranger in (f"postgresql://zoe@/zoe?host={host}", f"postgresql://zoe:guess@/zoe?host={host}"):
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(stranger, passfile="/dev/null", port=5432)


def test_the_password_the_data_and_the_log_are_nobody_else_s(running: tuple[Path, str]) -> None:
    directory, _ = running
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert modes == {"cluster": 0o700, "password": 0o600, "postgresql.log": 0o600, "socket": 0o700}
    assert stat.S_IMODE(directory.stat().st_mode) & 0o066 == 0


def test_the_password_is_in_no_command_line(running: tuple[Path, str]) -> None:
    directory, url = running
    password = urlsplit(url).password
    assert password
    family = [postmaster(directory), *postmaster(directory).children()]
    assert not [process for process in family if password in " ".join(process.cmdline())]


def test_ctrl_c_does_not_reach_the_server(running: tuple[Path, str]) -> None:
    pid = postmaster(running[0]).pid
    assert os.getsid(pid) == pid


def test_stop_leaves_no_process_and_no_socket(directory: Path) -> None:
    server = EmbeddedPostgres(directory)
    server.start()
    process = postmaster(directory)
    server.stop()
    assert not process.is_running()
    assert list((directory / "socket").iterdir()) == []


def test_stop_does_not_wait_for_open_connections(directory: Path) -> None:
    server = EmbeddedPostgres(directory)
    with closing(psycopg2.connect(server.start())) as connection:
        connection.cursor().execute("SELECT pg_advisory_lock(1)")
        process = postmaster(directory)
        server.stop()
        assert not process.is_running()
    server.stop()  # once more is no fault


def test_the_server_of_a_killed_zoe_is_adopted(server: EmbeddedPostgres) -> None:
    left = left_by_a_killed_zoe(server.directory)
    assert ask(server.start(), "SELECT what FROM kept") == "this"
    assert postmaster(server.directory).pid == left.pid
    server.stop()
    left.wait(PATIENCE)


def test_a_left_server_that_is_shutting_down_is_waited_for_and_started_anew(server: EmbeddedPostgres) -> None:
    left = left_by_a_killed_zoe(server.directory)
    left.send_signal(signal.SIGINT)
    assert ask(server.start(), "SELECT what FROM kept") == "this"
    assert postmaster(server.directory).pid != left.pid


def test_a_killed_server_recovers_what_was_committed(server: EmbeddedPostgres) -> None:
    left = left_by_a_killed_zoe(server.directory, "INSERT INTO kept VALUES ('that')")
    left.kill()
    assert ask(server.start(), "SELECT count(*) FROM kept") == "2"


def test_a_stale_pid_file_that_names_somebody_else_is_no_obstacle(server: EmbeddedPostgres) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as innocent:
        pid_file = server.directory / "cluster/postmaster.pid"
        pid_file.write_text(f"{innocent.pid}\n{server.directory}/cluster\n1\n5432\n\n\n\n")
        shutil.copystat(server.directory / "cluster/PG_VERSION", pid_file)
        owner = (server.directory / "cluster").stat()
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        server.start()
        server.stop()
        assert innocent.poll() is None
        innocent.kill()


def test_an_initdb_that_was_cut_off_is_begun_anew_and_no_parent_is_opened_for_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "postgres/cluster.new/base").mkdir(parents=True)
    (closed / "postgres/cluster.new/PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(closed / "postgres") as url:
        assert ask(url, "SELECT 1") == "1"
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_and_full_of_odd_characters_works(directory: Path, tmp_path: Path) -> None:
    long = tmp_path / ("very, \"long' %20 " + "x" * 100)
    long.mkdir()
    directory.rename(long / "postgres")
    with EmbeddedPostgres(long / "postgres") as url:
        assert ask(url, "SELECT what FROM kept") == "this"
        elsewhere = (long / "postgres/socket").readlink()
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    assert not elsewhere.exists()


def test_a_server_that_cannot_start_is_an_error_with_the_end_of_its_log(directory: Path) -> None:
    (directory / "cluster/PG_VERSION").write_text("9\n")
    with pytest.raises(StateError, match=r"did not start.*version 9"):
        EmbeddedPostgres(directory).start()


def test_a_directory_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"cannot use .*/file/postgres"):
        EmbeddedPostgres(tmp_path / "file/postgres").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_s_server_runs_as_somebody_less_powerful(running: tuple[Path, str]) -> None:
    uids = postmaster(running[0]).uids()
    assert pwd.getpwuid(uids.real).pw_name in {"postgres", "nobody"}
    assert uids.real == uids.effective == uids.saved


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_who_is_not_root_needs_no_other_account() -> None:
    code = (
        "import tempfile; from pathlib import Path; from zoe.state.embedded import EmbeddedPostgres as E\n"
        "with tempfile.TemporaryDirectory() as d, E(Path(d) / 'pg') as url:\n"
        "    assert Path(d, 'pg').stat().st_mode & 0o077 == 0; print(url)"
    )
    python = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"  # ours may lie in root's home
    if not Path(python).exists():
        pytest.skip(f"there is no {python} that everybody may run")
    path = ":".join([str(Path(zoe.__file__).parents[1]), str(Path(psutil.__file__).parents[1])])
    done = subprocess.run(
        [python, "-B", "-c", code],
        check=False, capture_output=True, text=True, cwd="/", user="nobody", group="nogroup", extra_groups=[],
        env={"PYTHONPATH": path},
    )  # fmt: skip
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip("what is installed here cannot be read by everybody")
    assert done.stdout.startswith("postgresql://zoe:"), done.stderr


def test_a_data_directory_has_one_owner_and_the_second_is_told_who(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from zoe.state.ownership import own\n"
    code += "with own(Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", code, str(tmp_path / "zoe")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout
        assert first.stdout.readline() == b"\n"
        with pytest.raises(AlreadyOwnedError, match=rf"process {first.pid}\)"), own(tmp_path / "zoe"):
            pytest.fail("two owners")
        first.kill()
        first.wait(PATIENCE)
    with own(tmp_path / "zoe"):
        assert (tmp_path / "zoe/zoe.lock").read_text() == str(os.getpid())


def test_a_child_does_not_inherit_the_ownership(tmp_path: Path) -> None:
    with (
        own(tmp_path),
        subprocess.Popen(
            ["/bin/sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE, close_fds=False, cwd=tmp_path
        ) as child,
    ):
        assert child.stdout
        assert child.stdout.readline() == b"\n"
        assert str(tmp_path / "zoe.lock") not in [file.path for file in psutil.Process(child.pid).open_files()]
        child.kill()


def test_an_owner_that_ends_in_order_lets_go(tmp_path: Path) -> None:
    for _ in range(2):
        with own(tmp_path):
            assert (tmp_path / "zoe.lock").read_text() == str(os.getpid())


def test_a_new_data_directory_cannot_be_listed_by_others_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    with own(tmp_path / "new") as made:
        assert stat.S_IMODE(made.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
    (tmp_path / "old").mkdir(mode=0o750)
    with own(tmp_path / "old") as made:
        assert stat.S_IMODE(made.stat().st_mode) == 0o750


def test_a_lock_file_without_a_pid_still_makes_a_sentence(tmp_path: Path) -> None:
    with (tmp_path / "zoe.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AlreadyOwnedError, match="process unknown"), own(tmp_path):
            pytest.fail("two owners")
