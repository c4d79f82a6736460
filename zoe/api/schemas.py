"""What is sent to the API and what it answers: checks what comes in, and makes the OpenAPI document."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictBool, StringConstraints

BIG = 2**63 - 1
Id = Annotated[int, Field(ge=0, le=BIG)]
Time = Annotated[float, Field(allow_inf_nan=False, description="seconds since the epoch, UTC")]
Bytes = Annotated[int, Field(ge=0, le=BIG, description="bytes")]
# Neither what a terminal obeys nor what a line ends with.
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_PRINTABLE)]
# It is the name of a directory as well.
Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}$")]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00-\x20\x7f-\x9f]*$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Status = Literal["submitted", "queued", "starting", "running", "cleaning up", "terminated", "error"]
# Neither root nor anything that Linux cannot have; -1 is the next that is free.
FsUid = Annotated[int, Field(ge=-1, le=2**32 - 2)]
Priority = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Hours = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False, description="hours; 0: no limit")]
Cores = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, description="cores; 0: no limit")]


class Sent(BaseModel):
    """What clients send: a key that means nothing is an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Answered(BaseModel):
    """What clients are told; new keys may come at any time."""


class FaultAnswer(Answered):
    """One thing wrong: where, and what."""

    path: str
    message: str


class ErrorAnswer(Answered):
    """What went wrong; the message is the reason phrase as well."""

    title: str
    message: str
    errors: list[FaultAnswer]


class InfoAnswer(Answered):
    """Which Zoe this is."""

    version: str
    api_version: str
    application_format_version: int
    deployment_name: str
    gateway: str | None = None


class ValidationAnswer(Answered):
    """The ZApp is valid; warnings name keys that mean nothing in the format."""

    validation: Literal["ok"]
    warnings: list[FaultAnswer]


class ZAppDocument(BaseModel):
    """A ZApp, as `GET /zapp_schema` describes it."""

    model_config = ConfigDict(extra="allow")


class NewExecution(Sent):
    """A ZApp to run, or the parameters of a ZApp type that makes one."""

    application: dict[str, Any] | None = None
    zapp_type: Annotated[str, StringConstraints(max_length=128)] | None = None
    parameters: dict[str, Any] | None = None
    name: Name
    opportunistic: StrictBool | None = Field(
        None, description="whether it runs on leftovers alone; if not said, as its ZApp type has it"
    )


class NewExecutionAnswer(Answered):
    """The execution's id; warnings name keys of the ZApp that mean nothing."""

    execution_id: int
    warnings: list[FaultAnswer]


class ExecutionFilters(Sent):
    """Which executions; all of them have to be met."""

    status: Status | None = None
    name: Annotated[str, StringConstraints(max_length=128)] | None = None
    user_id: Id | None = None
    limit: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    earlier_than_submit: Time | None = None
    earlier_than_start: Time | None = None
    earlier_than_end: Time | None = None
    later_than_submit: Time | None = None
    later_than_start: Time | None = None
    later_than_end: Time | None = None


class Execution(Answered):
    """One run of a ZApp."""

    id: int
    user_id: int
    name: str
    description: dict[str, Any]
    time_submit: float
    time_start: float | None
    time_end: float | None
    status: Status
    error_message: str | None
    services: list[int]
    size: int
    wait_reason: str | None
    wait: dict[str, Any] | None
    progress: dict[str, Any] | None
    exit_code: int | None
    zapp_type: str | None
    parameters: dict[str, Any] | None
    opportunistic: bool
    backfill: str | None
    ends_at: float | None = Field(description="when the runtime limit of its quota ends it")
    idle: dict[str, Any] | None = Field(
        description="what becomes of it if nobody uses it: {since, step, elastic_deadline, deadline, kept_until, "
        "reason, signals, can_extend}; null while it is used"
    )


class ExecutionsAnswer(RootModel[dict[str, Execution]]):
    """Executions by id."""


class Extension(Sent):
    """For how long an execution is to be kept, from now on."""

    hours: Annotated[float, Field(gt=0, le=8784, allow_inf_nan=False, strict=True, description="hours")]


class ExtensionAnswer(Answered):
    """Until when the execution is kept."""

    kept_until: float


class EndpointsAnswer(Answered):
    """Name, address, and address behind the gateway of each port."""

    endpoints: list[tuple[str, str, str | None]]


class Event(Answered):
    """A step of an execution, or something worth telling about one of its services."""

    service: str | None
    at: float
    before: str | None
    after: str | None
    reason: str | None


class EventsAnswer(Answered):
    """What happened to an execution, oldest first."""

    events: list[Event]


class Service(Answered):
    """One running part of an execution."""

    id: int
    name: str
    status: Literal["created", "runnable", "starting", "active", "terminating", "inactive", "error"]
    error_message: str | None
    execution_id: int
    description: dict[str, Any]
    service_group: str
    backend_id: str | None
    ip_address: str | None
    backend_status: Literal["undefined", "created", "started", "dead", "destroyed", "oom-killed"]
    backend_host: str | None
    essential: bool
    proxy_address: str | None
    restart_count: int
    exit_code: int | None
    dns_name: str | None


class LogOptions(Sent):
    """Whether to go on until the service ends."""

    follow: bool = True


class DiscoveryAnswer(Answered):
    """The names in the network of an execution's services."""

    service_type: str
    execution_id: int
    dns_names: list[str]


class Node(Answered):
    """A machine. Cores, bytes."""

    name: str
    status: Literal["online", "offline"]
    container_count: int
    cores_total: float
    cores_reserved: float
    cores_allocated: float
    cores_in_use: float
    memory_total: int
    memory_reserved: int
    memory_allocated: int
    memory_in_use: int
    gpus_total: int
    gpus_reserved: int
    labels: list[str]
    remarks: list[str]
    seen: float
    service_stats: dict[str, Any]
    images: list[str]


class NodesAnswer(RootModel[dict[str, Node]]):
    """Machines by name."""


class Platform(Answered):
    """All machines together; `nodes` is empty for those who may not see the status."""

    container_count: int
    memory_total: int
    cores_total: float
    memory_reserved: int
    cores_reserved: float
    memory_in_use: int
    cores_in_use: float
    nodes: list[Node]


class SchedulerAnswer(Answered):
    """The queues, as ids of executions, and the platform."""

    queue_length: int
    running_length: int
    termination_queue_length: int
    queue: list[int]
    running_queue: list[int]
    termination_queue: list[int]
    platform_stats: Platform


class UploadAnswer(Answered):
    """What was stored: where in the workspace, and how many bytes."""

    path: str
    size: int


class ZAppTypeAnswer(Answered):
    """What makes a ZApp from parameters, which a JSON Schema describes."""

    name: str
    summary: str
    parameters: dict[str, Any]


class ZAppTypesAnswer(RootModel[dict[str, ZAppTypeAnswer]]):
    """ZApp types by name."""


class PluginAnswer(Answered):
    """A plugin, the package that it came with, and whether it is in use."""

    kind: str
    name: str
    summary: str
    package: str
    version: str
    in_use: bool


class PluginsAnswer(RootModel[dict[str, PluginAnswer]]):
    """Plugins by kind and name."""
