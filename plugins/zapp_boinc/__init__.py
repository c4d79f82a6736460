"""The ZApp type `boinc`: one task of a BOINC project."""

from zapp_boinc.boinc_type import BoincType
from zoe.plugin import ZAppType, hookimpl


@hookimpl
def zoe_zapp_type() -> type[ZAppType]:
    """Offer the type `boinc`."""
    return BoincType
