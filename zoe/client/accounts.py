"""Users, roles and quotas."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zoe.client.documents import Document

if TYPE_CHECKING:
    from zoe.client.connection import Client


class Nouns:
    """The accounts of one kind (`user`, `role` or `quota`): list, get, add, change, remove."""

    def __init__(self, client: "Client", noun: str) -> None:
        self._client, self._noun = client, noun

    def all(self, **filters: object) -> dict[str, Document]:
        """Return all, by id; `filters` as the API names them (`username="ada"`)."""
        return self._client.get(f"/{self._noun}", filters)

    def get(self, number: int) -> Document:
        """Return one."""
        found = self._client.get(f"/{self._noun}/{number}")
        return dict(found.get(self._noun, found))

    def add(self, fields: Mapping[str, object]) -> int:
        """Create one and return its id."""
        return int(self._client.post(f"/{self._noun}", fields)[f"{self._noun}_id"])

    def change(self, number: int, fields: Mapping[str, object]) -> None:
        """Change the given fields and leave the others."""
        self._client.post(f"/{self._noun}/{number}", fields)

    def remove(self, number: int) -> None:
        """Delete one."""
        self._client.delete(f"/{self._noun}/{number}")
