"""What a site sets under `[plugins.boinc]`, and under `[plugins.boinc.backfill]`."""

from typing import Annotated

from pydantic import Field, SecretStr

from zapp_boinc.parameters import GIB, MIB, AccountKey, BoincParameters, Cores, Image, ProjectUrl
from zoe.plugin import BackfillSettings, PluginSettings, Size

Seconds = Annotated[int, Field(ge=1, le=86400)]


class BoincBackfillSettings(BackfillSettings):
    """The project that the idle cluster works for, and what each of its tasks gets."""

    project: ProjectUrl = Field(description="Address of the project, as its page gives it.")
    key: AccountKey = Field(description="Account key at the project; better set as ZOE_PLUGINS__BOINC__BACKFILL__KEY.")
    patience: Seconds = Field(
        60,
        description="Seconds to wait while the project has no task or cannot be reached, before others get the room.",
    )
    cores: Cores = 1
    memory: Annotated[Size, Field(ge=128 * MIB, le=4096 * GIB)] = GIB
    image: Image = "zoe-boinc:1"

    def parameters(self) -> BoincParameters:
        """Return the parameters of one of its tasks."""
        given = {name: getattr(self, name) for name in ("patience", "cores", "memory", "image")}
        key = SecretStr(self.key.get_secret_value())
        return BoincParameters(project_url=self.project, account_key=key, keep=True, **given)


class BoincSettings(PluginSettings):
    """What a site sets under `[plugins.boinc]`."""

    retry_delay: tuple[Seconds, Seconds] | None = Field(
        None,
        description="Shortest and longest delay before something that failed is tried again, in seconds; "
        "leave it out for projects that are not yours: BOINC's own delays are what they expect.",
    )
    backfill: BoincBackfillSettings | None = Field(
        None, description="The project that idle room is given to; none if it is not there."
    )
