"""The parameters of the ZApp type `boinc`: what a form asks and `zoe start boinc` takes."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from zapp_boinc.task import order

MIB = 1024**2
GIB = 1024 * MIB
DAY_S = 86400


def _project_url(url: str) -> str:
    if fault := order.url_fault(url):
        raise ValueError(fault)
    return url if url.endswith("/") else url + "/"


def _account_key(key: SecretStr) -> SecretStr:
    if fault := order.key_fault(key.get_secret_value()):
        raise ValueError(fault)
    return key


Image = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*[:@][a-zA-Z0-9._:-]+$", max_length=256)
]

ProjectUrl = Annotated[str, StringConstraints(max_length=1024), AfterValidator(_project_url)]
AccountKey = Annotated[SecretStr, AfterValidator(_account_key)]
Cores = Annotated[float, Field(ge=0.1, le=1024)]
Memory = Annotated[int, Field(ge=128 * MIB, le=4096 * GIB, strict=True)]


class BoincParameters(BaseModel):
    """One task of a BOINC project."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="BOINC", hide_input_in_errors=True)

    project_url: ProjectUrl = Field(
        description="Address of the project, as its page gives it.", examples=["https://einsteinathome.org/"]
    )
    account_key: AccountKey = Field(
        description="Your account key at the project (a weak key will do); it is kept secret."
    )
    task_timeout: int | None = Field(
        None,
        ge=1,
        le=366 * DAY_S,
        strict=True,
        description="Seconds after which an unfinished task is given back to the project.",
    )
    patience: int = Field(
        600,
        ge=1,
        le=30 * DAY_S,
        strict=True,
        description="Seconds to wait while the project has no task or cannot be reached.",
    )
    cores: Cores = Field(1, description="Cores that are reserved; the task gets whole ones, at least one.")
    memory: Memory = Field(GIB, description="Bytes of memory, all in all.")
    keep: bool = Field(
        default=False,
        strict=True,
        description="If it has to make room for others: keep the task in the workspace and go on with it later, "
        "instead of giving it back to the project. Opportunistic executions always do.",
    )
    image: Image = Field("zoe-boinc:1", description="Container image, with tag or digest, that has boinc and python3.")
