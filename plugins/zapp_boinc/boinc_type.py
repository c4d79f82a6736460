"""The ZApp type `boinc`."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from pydantic import BaseModel

from zapp_boinc import document, endings, kept, progress
from zapp_boinc.parameters import BoincParameters
from zapp_boinc.settings import BoincSettings
from zoe.plugin import Deployment, PluginSettings, Progress, RunningService, ZAppType


class BoincType(ZAppType):
    """One task of a BOINC project: fetched, computed, reported and acknowledged."""

    name = "boinc"
    Parameters = BoincParameters
    Settings = BoincSettings

    def __init__(self, settings: PluginSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self._retry_delay = cast(BoincSettings, settings).retry_delay

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return the ZApp; the account key is no part of it."""
        return document.task(BoincParameters.model_validate(parameters), self._retry_delay)

    def when_opportunistic(self, parameters: BaseModel) -> BaseModel:
        """Have a task kept that has to make room."""
        return parameters.model_copy(update={"keep": True})

    def make_room(self, services: Sequence[RunningService]) -> None:
        """Have the service keep its task; a service that does not answer gives it back."""
        progress.ask_to_keep(services)

    def clear_away(self, execution: int, workspace: Path) -> None:
        """Remove a task that was kept, with the account key: nobody goes on with it."""
        kept.remove(workspace, execution)

    def progress(self, services: Sequence[RunningService]) -> Progress | None:
        """Ask the service itself; see `zapp_boinc.progress`."""
        return progress.look(services)

    def ending(self, exit_code: int) -> str | None:
        """Say in a person's words what an exit status of the service means; None where it means nothing special."""
        return endings.SENTENCES.get(exit_code)
