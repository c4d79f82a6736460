"""What an administrator may set under `[plugins.process]`."""

from typing import Annotated, Literal

from pydantic import Field

from zoe.plugin import PluginSettings, Size

MIB = 1024**2
GIB = 1024**3


class ProcessSettings(PluginSettings):
    """Settings of the process backend; memory and sizes in bytes, or as texts such as 16G."""

    cores: Annotated[float, Field(gt=0)] | None = None
    """Cores that Zoe may use; unset: those of this machine that Zoe itself may use."""
    memory: Annotated[Size, Field(gt=0)] | None = None
    """Memory that Zoe may use; unset: that of this machine that Zoe itself may use."""
    reserve_cores: Annotated[float, Field(ge=0)] = 0
    """Cores kept for the rest of the machine."""
    reserve_memory: Size = GIB
    """Memory kept for the rest of the machine."""
    labels: frozenset[str] = frozenset()
    """Labels of this machine, which ZApps may ask for."""
    log_max_bytes: Annotated[Size, Field(ge=4096)] = 64 * MIB
    """Where the log of a service is cut."""
    run_as: Literal["auto", "self"] = "auto"
    """As root, `auto` runs services as their owner's user id, `self` as root; who is not root runs them as itself."""
