"""The whole shop, as one person sees it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from zoe.errors import NotFoundError
from zoe.plugin import ZAppType
from zoe.state.accounts import Account
from zoe.web.fields import label
from zoe.web.shop.folders import Folder, folders
from zoe.web.shop.offers import Offer, of_folder, of_type

FULL = "can_access_full_zapp_shop"


@dataclass(frozen=True, slots=True)
class Shop:
    """The ZApp types of this deployment, and the directory of ready-made ZApps."""

    zapp_types: Mapping[str, ZAppType]
    directory: Path | None

    def offers(self, account: Account) -> list[Offer]:
        """Return what this person is offered; who may see the full shop is shown everything."""
        return [*self._typed(), *self._ready_made(account)]

    def offer(self, account: Account, key: str) -> Offer:
        """Return one offer by its key.

        Raises:
            NotFoundError: there is none, or none for this person.

        """
        found = next((one for one in self.offers(account) if one.key == key), None)
        if found is None:
            raise NotFoundError(f"The shop offers you nothing at {key[:80]!a}.")
        return found

    def of_type(self, name: str, fixed: Mapping[str, object]) -> Offer | None:
        """Return the offer that makes executions of this ZApp type with these parameters."""
        own = [one for one in self._typed() if one.zapp_type == name]
        return next((one for one in own if one.fixed.items() <= fixed.items()), None)

    def faults(self) -> list[tuple[str, str]]:
        """Return which folders cannot be offered, and why: for who looks after the shop."""
        return [(one.name, one.fault) for one in self._folders() if one.fault]

    def _typed(self) -> Iterator[Offer]:
        made = [one for name, kind in sorted(self.zapp_types.items()) for one in of_type(name, kind)]
        titles = Counter(one.title for one in made)
        for one in made:
            # Several types that call themselves the same are told apart by their names.
            yield one if titles[one.title] == 1 else replace(one, title=label(one.key.removeprefix("type/")))

    def _ready_made(self, account: Account) -> Iterator[Offer]:
        role = None if FULL in account.permissions else account.role
        for one in self._folders():
            yield from of_folder(one, role)

    def _folders(self) -> Iterator[Folder]:
        return folders(self.directory)
