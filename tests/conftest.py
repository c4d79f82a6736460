"""A real PostgreSQL for every test that wants one: a server for each worker of pytest, a database for each module."""

import gc
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from zoe.state.database import Database
from zoe.state.embedded import EmbeddedPostgres

TEMPLATE = "zoe_template"
# References first. DELETE takes 0.2 ms where TRUNCATE takes ten.
EMPTY = "".join(
    f"DELETE FROM {table};"
    for table in (
        "event",
        "service",
        "execution",
        "token",
        "account",
        "role",
        "quota",
        "node",
        "backfill",
        "backfill_day",
    )
)
_numbers = count()

# A shell that starts something in the background has it ignore Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Pardon what the library docker does: it leaves a socket open where an engine does not answer."""
    pardon = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    for item in items:
        if item.get_closest_marker("engine"):
            item.add_marker(pardon)


@pytest.fixture(scope="module", autouse=True)
def _nothing_for_the_next_module(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect those sockets here, not in a test that has nothing to do with an engine."""
    yield
    if request.node.get_closest_marker("engine"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()


class Server:
    """A running PostgreSQL; makes databases in it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, name: str) -> str:
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    def run(self, statement: str) -> None:
        with closing(psycopg2.connect(self._url)) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)

    def create(self, template: str = "template1") -> str:
        name = f"test_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The PostgreSQL server of this worker: `create` and `drop` databases, `url` of each."""
    with tempfile.TemporaryDirectory(prefix="zoe-tests-") as directory:
        Path(directory).chmod(0o711 if os.geteuid() == 0 else 0o700)  # as root PostgreSQL is somebody else
        with EmbeddedPostgres(Path(directory) / "postgres") as url:
            server = Server(url)
            # Nothing here has to survive a power cut; a commit then costs no wait for the disk.
            server.run("ALTER ROLE zoe SET synchronous_commit = off")
            yield server


@pytest.fixture(scope="session")
def migrated_template(postgres_server: Server) -> str:
    """The name of a database with all tables, to be copied: 23 ms where the migrations take a second."""
    postgres_server.run(f"CREATE DATABASE {TEMPLATE}")
    database = Database(postgres_server.url(TEMPLATE), pool_size=2)
    database.migrate()
    database.close()
    return TEMPLATE


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The URL of an empty database, without tables, of this test alone."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(scope="module")
def module_postgres_url(postgres_server: Server, migrated_template: str) -> Iterator[str]:
    """The URL of a database with all tables, shared by the tests of a module."""
    name = postgres_server.create(migrated_template)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(scope="module")
def module_database(module_postgres_url: str) -> Iterator[Database]:
    """The database of a module. Ask for `database`: it is empty."""
    database = Database(module_postgres_url)
    yield database
    database.close()


@pytest.fixture
def database(module_database: Database) -> Iterator[Database]:
    """A `Database` with all tables and no rows; this thread holds no connection of it."""
    yield module_database
    with module_database.session():
        module_database.rows(EMPTY)
