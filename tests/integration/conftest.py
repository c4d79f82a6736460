"""The API over a real PostgreSQL, with collaborators that record what is asked of them."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest
from falcon.testing import Result, TestClient
from pydantic import BaseModel, Field

from zoe.api.application import PREFIX, create_app
from zoe.api.collaborators import Collaborators
from zoe.config import SchedulerSettings, Settings
from zoe.errors import NotFoundError
from zoe.plugin import Authenticator, Deployment, Identity, NoSettings, ZAppType
from zoe.state import accounts
from zoe.state.accounts import PERMISSIONS
from zoe.state.database import Database

PASSWORD = "open:sesame"


def fast_hash(password: str) -> str:
    """Stand in for argon2, which takes 50 ms on purpose."""
    return sha256(password.encode()).hexdigest()


class Internal(Authenticator):
    """Compares with the stored hash, and counts how often it is asked."""

    name = "internal"
    asked = 0

    def check(self, username: str, password: str, stored: str | None) -> Identity | None:
        self.asked += 1
        return Identity(username) if stored == fast_hash(password) else None


class Broken(Authenticator):
    """Raises, with the password in its message."""

    name = "broken"

    def check(self, username: str, password: str, stored: str | None) -> Identity | None:
        raise RuntimeError(f"cannot bind as {username} with {password}")


class SleepParameters(BaseModel):
    seconds: int = Field(1, ge=1, le=100)
    network: str | None = None


class Sleep(ZAppType):
    """Sleeps.

    For a while.
    """

    name = "sleep"
    Parameters: ClassVar[type[BaseModel]] = SleepParameters

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        assert isinstance(parameters, SleepParameters)
        document = tiny_zapp()
        document["services"][0] |= {"command": f"sleep {parameters.seconds}", "network": parameters.network}
        return document


def tiny_zapp(**changes: Any) -> dict[str, Any]:
    """Return a valid ZApp with one core service that reserves one core and 1 GiB."""
    service = {
        "name": "sleeper",
        "image": "example.org/sleeper:1.0",
        "monitor": True,
        "total_count": 1,
        "essential_count": 1,
        "startup_order": 0,
        "resources": {"memory": {"min": 2**30, "max": 2**30}, "cores": {"min": 1, "max": 1}},
        "command": "sleep 1",
        "environment": [],
        "volumes": [],
        "ports": [{"name": "Page", "port_number": 8080, "protocol": "tcp", "url_template": "http://{ip_port}/x"}],
    }
    return {"name": "sleep", "version": 3, "will_end": True, "size": 1, "services": [service]} | changes


@dataclass
class World:
    """An API to talk to: users by name, and what it did."""

    collaborators: Collaborators
    client: TestClient
    rung: list[str]
    forgotten: list[int]
    log_lines: dict[int, list[bytes]]
    tokens: dict[str, str] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.collaborators.database

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.database.session():
            return self.database.rows(sql, parameters)

    def add_user(self, username: str, permissions: tuple[str, ...] = ("can_access_api",), **limits: float) -> int:
        """Make a user with a role and a quota of its own (unlimited, if nothing else is said) and a token."""
        granted = [name in permissions for name in PERMISSIONS]
        numbers = [limits.get(name, 0) for name in ("concurrent_executions", "cores", "memory", "runtime_limit")]
        role = self.rows(
            f"INSERT INTO role (name, {', '.join(PERMISSIONS)}) VALUES (%s{', %s' * len(granted)}) RETURNING id",
            username,
            *granted,
        )[0][0]
        quota = self.rows(
            "INSERT INTO quota (name, concurrent_executions, cores, memory, runtime_limit) "
            "VALUES (%s, %s, %s, %s, %s) RETURNING id",
            username,
            *numbers,
        )[0][0]
        number: int = self.rows(
            "INSERT INTO account (username, fs_uid, email, priority, enabled, auth_source, password_hash, quota_id, "
            "role_id) SELECT %s, max(fs_uid) + 1, '', 0, true, 'internal', %s, %s, %s FROM account RETURNING id",
            username,
            fast_hash(PASSWORD),
            quota,
            role,
        )[0][0]
        self.users[username] = number
        self.tokens[username] = self.add_token(number)
        return number

    def add_token(self, user_id: int, expires: float | None = None) -> str:
        secret = f"secret of {user_id} {expires}"
        digest = sha256(secret.encode()).hexdigest()
        sql = "INSERT INTO token (user_id, name, digest, created, expires) VALUES (%s, 'test', %s, 0, %s)"
        with self.database.session():
            self.database.rows(sql, [user_id, digest, expires])
        return secret

    def ask(self, method: str, path: str, username: str | None = "admin", **options: Any) -> Result:
        """Send a request in somebody's name."""
        headers = dict(options.pop("headers", {}))
        if username:
            headers["Authorization"] = f"Bearer {self.tokens[username]}"
        return self.client.simulate_request(method, PREFIX + path, headers=headers, **options)

    def get(self, path: str, username: str | None = "admin", **options: Any) -> Any:
        answer = self.ask("GET", path, username, **options)
        assert answer.status_code == 200, answer.status
        return answer.json

    def submit(self, username: str = "admin", name: str = "mine", **changes: Any) -> int:
        answer = self.ask("POST", "/execution", username, json={"application": tiny_zapp(**changes), "name": name})
        assert answer.status_code == 201, answer.status
        return int(answer.json["execution_id"])

    def move(self, execution_id: int, status: str) -> None:
        self.rows("UPDATE execution SET status = %s WHERE id = %s", status, execution_id)

    def with_(self, **changes: Any) -> "World":
        """Return the same world with an API of other collaborators."""
        collaborators = replace(self.collaborators, **changes)
        return replace(self, collaborators=collaborators, client=TestClient(create_app(collaborators)))


def basic(username: str, password: str = PASSWORD) -> dict[str, str]:
    """Return the header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


@pytest.fixture
def make_zapp() -> Callable[..., dict[str, Any]]:
    """Makes a valid ZApp; keywords replace its top level."""
    return tiny_zapp


@pytest.fixture
def basic_header() -> Callable[..., Mapping[str, str]]:
    """Makes the header of HTTP Basic for a name and a password."""
    return basic


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """All defaults, but that a quota refuses; and a data directory of the test's own."""
    scheduler = SchedulerSettings(over_quota="refuse")
    return Settings(data_dir=tmp_path, deployment_name="testing", scheduler=scheduler)


@pytest.fixture
def world(database: Database, settings: Settings, tmp_path: Path) -> World:
    """The API, seeded; `admin` has a token and no limits."""
    rung: list[str] = []
    forgotten: list[int] = []
    log_lines: dict[int, list[bytes]] = {}

    def logs(service_id: int, follow: bool) -> Iterator[bytes]:
        if service_id not in log_lines:
            raise NotFoundError(kind="log of service", name=service_id)
        return iter(log_lines[service_id])

    deployment = Deployment("testing", "id", tmp_path)
    plugins = [kind(NoSettings(), deployment) for kind in (Internal, Broken)]
    collaborators = Collaborators(
        database=database,
        settings=settings,
        ring=rung.append,
        logs=logs,
        forget_logs=forgotten.append,
        hash_password=fast_hash,
        now=lambda: 1_700_000_000.5,
        cookie_key="a key of this test",
        zapp_types={"sleep": Sleep(NoSettings(), deployment)},
        authenticators={plugin.name: plugin for plugin in plugins},
        offers=[{"kind": "policy", "name": "fifo", "summary": "x", "package": "zoe", "version": "1", "in_use": True}],
    )
    accounts.seed(database, fast_hash(PASSWORD))
    made = World(collaborators, TestClient(create_app(collaborators)), rung, forgotten, log_lines)
    admin, quota = made.rows("SELECT id, quota_id FROM account WHERE username = 'admin'")[0]
    made.rows("UPDATE quota SET concurrent_executions = 0, cores = 0, memory = 0 WHERE id = %s", quota)
    made.users["admin"] = admin
    made.tokens["admin"] = made.add_token(admin)
    return made
