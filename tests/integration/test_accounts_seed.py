"""What an empty database gets at the first start."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from zoe.state import accounts
from zoe.state.database import Database


def test_two_processes_that_start_at_once_seed_once(database: Database) -> None:
    barrier = Barrier(4)

    def start(index: int) -> bool:
        barrier.wait()
        return accounts.seed(database, f"hash {index}")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(start, range(4))) == [False, False, False, True]
    with database.session():
        assert database.rows("SELECT name FROM role ORDER BY id") == [("admin",), ("superuser",), ("user",)]
        quota = "SELECT name, concurrent_executions, cores, memory, runtime_limit FROM quota"
        assert database.rows(quota) == [("default", 5, 20.0, 32 * 2**30, 24.0)]
        assert database.rows("SELECT username FROM account") == [("admin",)]


def test_a_later_start_brings_nothing_back(database: Database) -> None:
    accounts.seed(database, "hash")
    with database.session():
        database.rows("DELETE FROM role WHERE name = 'superuser'")
        database.rows("UPDATE account SET username = 'root', password_hash = 'mine'")
    assert not accounts.seed(database, "another hash")
    assert accounts.has_users(database)
    with database.session():
        assert database.rows("SELECT count(*) FROM role") == [(2,)]
        assert database.rows("SELECT username, password_hash FROM account") == [("root", "mine")]


def test_without_a_password_there_is_no_admin(database: Database) -> None:
    assert not accounts.seed(database, None)
    assert not accounts.has_users(database)


def test_an_account_never_shows_its_password_hash(database: Database) -> None:
    accounts.seed(database, "the hash")
    with database.session():
        found = accounts.Accounts(database).by_name("admin")
    assert found is not None
    assert found.password_hash == "the hash"
    assert "the hash" not in repr(found)
