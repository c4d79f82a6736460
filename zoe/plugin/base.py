"""What all plugin classes share: a name, a line of documentation, settings of their own, the deployment they serve."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class PluginSettings(BaseModel):
    """The base of every plugin's settings: what stands under `[plugins.<name>]`; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoSettings(PluginSettings):
    """For a plugin that has nothing to set."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The Zoe that a plugin serves: its name (`[a-z0-9-]+`), an id of its own for ever, and where it may keep files."""

    name: str
    id: str
    data_dir: Path


class Plugin:
    """A class that a hook returns; the configuration names it by `name`.

    The first line of the subclass's docstring is what `zoe plugins` prints.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[PluginSettings]] = NoSettings

    def __init__(self, settings: PluginSettings, deployment: Deployment) -> None:
        self.deployment = deployment
        self._settings = settings
