"""The backfill `boinc`: one task of the site's project in every slot that nobody wants."""

from functools import cached_property
from typing import cast

from zapp_boinc import document
from zapp_boinc.settings import BoincSettings
from zoe.plugin import Backfill, IdleWork


class BoincBackfill(Backfill):
    """Gives idle room to a BOINC project, a task for each slot; `[plugins.boinc.backfill]` names the project."""

    name = "boinc"
    Settings = BoincSettings

    def work(self) -> IdleWork | None:
        """Return one task; which one is the project's to say."""
        return self._work

    @cached_property
    def _work(self) -> IdleWork | None:
        settings = cast(BoincSettings, self._settings)
        if settings.backfill is None:
            return None
        parameters = settings.backfill.parameters()
        return IdleWork(
            "boinc-backfill",
            document.task(parameters, settings.retry_delay),
            {"account_key": parameters.account_key.get_secret_value()},
            "boinc",
            parameters.model_dump(mode="json"),
        )
