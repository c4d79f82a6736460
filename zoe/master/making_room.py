"""Telling an execution that it is about to be stopped and goes on later: its ZApp type may have its work kept."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from zoe.master.running import Reach
from zoe.plugin import Handle, ZAppType

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Warner:
    """Warns the services of executions whose ZApp type wants that."""

    zapp_types: Mapping[str, ZAppType]
    reach: Reach

    def warn(self, zapp_type: str | None, name: str, group: str, handle: Handle) -> None:
        """Warn one service; called from a pool thread just before it is stopped."""
        known = self.zapp_types.get(zapp_type or "")
        if known is None or type(known).make_room is ZAppType.make_room:
            return
        try:
            known.make_room([self.reach.service(name, group, handle)])
        except Exception as error:  # noqa: BLE001 - a plugin's; the stop must not wait for it
            log.warning("ZApp type %s could not warn %s: %s", zapp_type, name, error)
