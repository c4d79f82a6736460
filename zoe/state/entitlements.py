"""Roles and quotas: named sets of permissions and of limits that users refer to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peewee import Field, IntegrityError

from zoe.errors import ConflictError, NotFoundError, RequestInvalidError
from zoe.state.database import Database
from zoe.state.models import Quota, Role, User


@dataclass(frozen=True, slots=True)
class Entitlements:
    """The roles, or the quotas.

    When one is deleted, its users get the one named `fallback`, which can therefore neither go nor change its name.
    One that is `untouchable` cannot be changed either.
    """

    noun: str
    model: Any
    reference: Field
    fallback: str
    untouchable: frozenset[str] = frozenset()

    def all(self, database: Database) -> list[dict[str, Any]]:
        """Return all, by id."""
        return [dict(row) for row in self.model.select().order_by(self.model.id).dicts().execute(database.peewee)]

    def one(self, database: Database, number: int) -> dict[str, Any]:
        """Return one."""
        for row in self.model.select().where(self.model.id == number).dicts().execute(database.peewee):
            return dict(row)
        raise NotFoundError(kind=self.noun, name=number)

    def add(self, database: Database, columns: Mapping[str, object]) -> int:
        """Store a new one and return its id."""
        return int(self._written(self.model.insert(dict(columns)), database, columns))

    def change(self, database: Database, number: int, columns: Mapping[str, object]) -> None:
        """Change these columns of one."""
        name = self.one(database, number)["name"]
        if name in self.untouchable:
            raise RequestInvalidError([], f"The {self.noun} {name} cannot be edited.")
        if name == self.fallback and columns.get("name", name) != name:
            raise RequestInvalidError([], f"The {self.noun} {name} cannot be renamed.")
        if columns:
            self._written(self.model.update(dict(columns)).where(self.model.id == number), database, columns)

    def delete(self, database: Database, number: int) -> None:
        """Delete one; its users get the fallback."""
        name = self.one(database, number)["name"]
        if name == self.fallback or name in self.untouchable:
            raise RequestInvalidError([], f"The {self.noun} {name} cannot be deleted.")
        with database.transaction():
            # Whoever gives it to a user at this moment waits, and then learns that it is gone.
            self.model.select().where(self.model.id == number).for_update().execute(database.peewee)
            heir = self.model.select(self.model.id).where(self.model.name == self.fallback)
            User.update({self.reference: heir}).where(self.reference == number).execute(database.peewee)
            self.model.delete().where(self.model.id == number).execute(database.peewee)

    def _written(self, query: Any, database: Database, columns: Mapping[str, object]) -> Any:
        try:
            return query.execute(database.peewee)
        except IntegrityError as error:
            raise ConflictError(f"There is a {self.noun} named {columns.get('name')} already.") from error


ROLES = Entitlements("role", Role, User.role, fallback="user", untouchable=frozenset({"admin"}))
QUOTAS = Entitlements("quota", Quota, User.quota, fallback="default")
