"""What a plugin offers: a class of one of the kinds, found fit to be used."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from zoe.errors import PluginError
from zoe.plugin.authenticator import Authenticator
from zoe.plugin.backend import Backend
from zoe.plugin.backfill import Backfill
from zoe.plugin.base import Plugin, PluginSettings
from zoe.plugin.placement import Placement
from zoe.plugin.policy import Policy
from zoe.plugin.zapp_type import ZAppType

KINDS: dict[type[Plugin], str] = {
    Backend: "backend",
    ZAppType: "zapp type",
    Authenticator: "authenticator",
    Policy: "policy",
    Placement: "placement",
    Backfill: "backfill",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a plugin comes from: the module, and the installed package that brings it along."""

    module: str
    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.module} (package {self.package} {self.version})".replace(" )", ")")


@dataclass(frozen=True, slots=True)
class Offer:
    """One plugin: its kind and name, the first line of its documentation, where it comes from, the class itself."""

    kind: str
    name: str
    doc: str
    source: Source
    offered: type[Plugin]

    @property
    def package(self) -> str:
        """The installed package that brings it along."""
        return self.source.package

    @property
    def version(self) -> str:
        """The version of that package."""
        return self.source.version

    @property
    def module(self) -> str:
        """The module of the entry point."""
        return self.source.module

    def row(self) -> dict[str, object]:
        """Return what lists of plugins show: kind, name, doc, package, version."""
        return {"kind": self.kind, "name": self.name, "doc": self.doc, "package": self.package, "version": self.version}


def offer(contract: type[Plugin], offered: object, source: Source) -> Offer:
    """Return what a hook returned as an offer.

    Raises:
        PluginError: it is no class of this kind, or something is missing in it.

    """
    kind = KINDS[contract]
    if not (isinstance(offered, type) and issubclass(offered, contract)):
        raise PluginError(
            f"{source} offers {offered!r} as a {kind}: it is no subclass of zoe.plugin.{contract.__name__}."
        )
    if lacks := "; ".join(_lacks(offered)):
        raise PluginError(f"The {kind} {offered.__name__} of {source} cannot be used: {lacks}.")
    return Offer(kind, offered.name, _first_line(offered), source, offered)


def _lacks(offered: type[Plugin]) -> Iterator[str]:
    name = getattr(offered, "name", None)
    if not (isinstance(name, str) and re.fullmatch(r"[a-z0-9_-]{1,32}", name)):
        yield "its `name` must be a text of 1 to 32 characters a-z, 0-9, - and _"
    # Asked of the methods themselves: a class need not be an ABC to have forgotten one.
    if todo := [one for one in dir(offered) if getattr(getattr(offered, one), "__isabstractmethod__", False)]:
        yield f"it does not implement {', '.join(todo)}"
    if not _is_model(getattr(offered, "Settings", None), PluginSettings):
        yield "its `Settings` must be a subclass of zoe.plugin.PluginSettings"
    if issubclass(offered, ZAppType) and not _is_model(getattr(offered, "Parameters", None), BaseModel):
        yield "its `Parameters` must be a pydantic model"


def _is_model(found: object, base: type[BaseModel]) -> bool:
    return isinstance(found, type) and issubclass(found, base)


def _first_line(offered: type[Plugin]) -> str:
    return (inspect.cleandoc(offered.__doc__ or "").splitlines() or [""])[0]
