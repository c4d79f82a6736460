"""Every setting, its kind, its default and what it means: the reference is made from here."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from zoe.config.kinds import Location, Locations, Seconds, Words
from zoe.kinds import Size


def default_data_dir() -> Path:
    """Return where data goes if nobody says: the system's place for root, the user's own for others."""
    if os.geteuid() == 0:
        return Path("/var/lib/zoe")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "zoe"


class Section(BaseModel):
    """What all sections share: nothing unknown, nothing changed, no value repeated in an error."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )


class ApiSettings(Section):
    """[api]: the REST API and the web interface."""

    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for all."""
    port: int = Field(5001, ge=0, le=65535)
    """The TCP port to listen on; 0 for any free one."""
    threads: int = Field(16, ge=1, le=1024)
    """How many requests are answered at a time."""
    max_body: Size = 1 << 20
    """The longest request body, bytes."""
    cookie_hours: float = Field(24, gt=0, le=8784)
    """How long a sign-in lasts, hours."""
    url_prefix: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)+$")] | None = None
    """The path under which a reverse proxy shows Zoe, such as /zoe."""


class StateSettings(Section):
    """[state]: the PostgreSQL that holds the truth."""

    url: Annotated[str, Field(pattern=r"^(embedded$|postgres(ql)?://)")] = Field("embedded", repr=False)
    """`embedded` for a server of Zoe's own in the data directory, or postgresql://user:password@host/database."""
    pool_size: int = Field(24, ge=2, le=1000)
    """The most connections one process opens."""

    @property
    def embedded(self) -> bool:
        """Whether Zoe brings its own server."""
        return self.url == "embedded"


class BusSettings(Section):
    """[bus]: the doorbell between API and master."""

    endpoint: Annotated[str, Field(pattern=r"^(tcp://[^/\s]+:\d{1,5}|ipc:///\S{1,100})?$")] = ""
    """Empty while API and master share a process; else tcp://host:port or ipc:///path, where the master listens."""


class MasterSettings(Section):
    """[master]: the loop that moves executions."""

    tick_seconds: Seconds = 5.0
    """The longest sleep without a ring, seconds."""
    backend_calls: int = Field(16, ge=1, le=512)
    """How many calls to the backend are under way at a time."""
    resync_seconds: Seconds = 60.0
    """How often everything the backend runs is compared with the state, seconds."""
    stop_grace: Seconds = 10.0
    """How long a service has between SIGTERM and SIGKILL, seconds."""
    restart_delay_max: Seconds = 60.0
    """The longest wait before a service that keeps dying is started again, seconds."""
    progress_seconds: Seconds = 1.0
    """How often ZApp types are asked how far an execution is, seconds."""
    lost_core: Literal["end", "restart"] = "end"
    """What becomes of an execution whose core service was lost with its node: it fails, or it starts again."""
    unreachable_patience: Seconds = 300.0
    """How long the services of a node that does not answer count as running, seconds."""


class SchedulerSettings(Section):
    """[scheduler]: who is served first, and where."""

    policy: str = "fifo"
    """The plugin that orders executions; `zoe plugins` lists them."""
    placement: str = "average"
    """The plugin that picks a node."""
    over_quota: Literal["queue", "refuse"] = "queue"
    """What becomes of an execution beyond its user's quota: it waits in the queue, or it is refused (409)."""
    pass_seconds: Seconds = 10.0
    """How long one pass may take before a policy or placement that does not come back is interrupted, seconds."""
    default_cores: float = Field(0.1, ge=0, le=100_000)
    """What a service reserves that does not say, cores."""
    default_memory: Size = 256 << 20
    """What a service reserves that does not say, bytes."""


Minutes = Annotated[float, Field(ge=0, le=525_600)]


class IdleTimes(Section):
    """Minutes after which an execution that nobody uses gives its elastic services back, and ends; 0: never."""

    elastic_minutes: Minutes | None = None
    """After so many idle minutes elastic services go back; what is not said is as for the whole deployment."""
    end_minutes: Minutes | None = None
    """After so many idle minutes the execution ends; what is not said is as for the whole deployment."""


class IdleSettings(Section):
    """[idle]: what becomes of executions that nobody uses."""

    elastic_minutes: Minutes = 0
    """After so many idle minutes an execution's elastic services go back until it is used again; 0: never."""
    end_minutes: Minutes = 0
    """After so many idle minutes an execution ends; 0: never."""
    applies_to: Literal["interactive", "all"] = "interactive"
    """Which executions: those that run until somebody stops them, or also those that end by themselves."""
    look_seconds: Seconds = 60.0
    """How often it is looked whether these executions are used, seconds."""
    quiet_percent: float = Field(5, gt=0, le=10_000)
    """Below this use of a core, or of its GPUs, a service counts as idle, percent."""
    max_extend_hours: float = Field(24, ge=0, le=8784)
    """How far ahead people may have an execution kept, hours from when they ask; 0: not at all."""
    roles: Mapping[str, IdleTimes] = Field(default_factory=dict)
    """[idle.roles.<role>]: times of its users' executions."""
    zapp_types: Mapping[str, IdleTimes] = Field(default_factory=dict)
    """[idle.zapp_types.<name>]: times of executions that a ZApp type makes."""


class BackendSettings(Section):
    """[backend]: what runs services."""

    name: str = "process"
    """The plugin that runs services; its own settings stand under [plugins.<name>]."""


class GatewaySettings(Section):
    """[gateway]: the door through which browsers reach the web interfaces of running services."""

    enabled: bool = True
    """Whether there is a gateway."""
    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for all."""
    port: int | None = Field(None, ge=0, le=65535)
    """The TCP port to listen on; 0 for any free one, not set: the one after [api]'s, or any free one if that is 0."""
    url: Annotated[str, Field(pattern=r"^https?://[^/\s?#@]+$")] | None = None
    """How browsers reach it, such as https://apps.example.org; not set: the host they reach Zoe by, with this port."""
    web_url: Annotated[str, Field(pattern=r"^https?://[^/\s?#@]+$")] | None = None
    """How browsers reach Zoe's own pages, such as https://zoe.example.org; not set: the same host with [api]'s port."""
    domain: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=200)] | None = None
    """A domain whose every name leads to the gateway: each execution then has an origin of its own below it."""
    nginx: Annotated[str, Field(pattern=r"^(auto|off|/\S+)$")] = "auto"
    """The nginx that does the heavy work: auto (one that is found), off, or the path of one."""
    connect_timeout: Seconds = 5.0
    """How long a service may take to accept a connection, seconds."""


class UsersSettings(Section):
    """[users]: who may sign in."""

    authenticator: str = "internal"
    """The plugin that checks passwords of users whose account names no other."""
    admin_password: SecretStr | None = None
    """The admin's password at the first start; better set as ZOE_ADMIN_PASSWORD. One is made up and shown if not."""


class ZAppsSettings(Section):
    """[zapps]: what applications may ask for."""

    allowed_volumes: Locations = ()
    """Directories of the machines, with all below them, that a ZApp may mount."""
    allowed_networks: Words = ()
    """Networks of the backend that a ZApp may join."""
    shop_dir: Location | None = None
    """The directory of ready-made ZApps."""
    workspace_dir: Location | None = None
    """Where the users' workspaces are; <data_dir>/workspaces if not set."""


class Settings(Section):
    """All settings."""

    deployment_name: str = Field("zoe", pattern=r"^[a-z0-9-]{1,32}$")
    """The name of this Zoe; several on one cluster tell their services apart by it."""
    data_dir: Location = Field(default_factory=default_data_dir)
    """Where all data is; /var/lib/zoe for root, else zoe in the XDG data home (~/.local/share)."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important messages that are logged."""
    api: ApiSettings = ApiSettings()
    state: StateSettings = StateSettings()
    bus: BusSettings = BusSettings()
    master: MasterSettings = MasterSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    idle: IdleSettings = IdleSettings()
    backend: BackendSettings = BackendSettings()
    gateway: GatewaySettings = GatewaySettings()
    users: UsersSettings = UsersSettings()
    zapps: ZAppsSettings = ZAppsSettings()
    plugins: Mapping[str, Mapping[str, object]] = Field(default_factory=dict, repr=False)
    """[plugins.<name>]: settings of a plugin's own, checked by the plugin."""

    @property
    def workspaces(self) -> Path:
        """The directory of the users' workspaces."""
        return self.zapps.workspace_dir or self.data_dir / "workspaces"

    def plugin(self, name: str) -> Mapping[str, object]:
        """Return what stands under `[plugins.<name>]`."""
        return self.plugins.get(name, {})
