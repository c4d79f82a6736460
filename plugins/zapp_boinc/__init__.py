"""The ZApp type `boinc`, one task of a BOINC project; and the backfill `boinc`, which gives idle room to one."""

from zapp_boinc.backfill import BoincBackfill
from zapp_boinc.boinc_type import BoincType
from zoe.plugin import Backfill, ZAppType, hookimpl


@hookimpl
def zoe_zapp_type() -> type[ZAppType]:
    """Offer the type `boinc`."""
    return BoincType


@hookimpl
def zoe_backfill() -> type[Backfill]:
    """Offer the backfill `boinc`."""
    return BoincBackfill
