"""/role and /quota: for those who may change the configuration; everybody may look."""

from zoe.api import account_schemas as schemas
from zoe.api.operation import Call, Need, Resource, operation
from zoe.state.entitlements import QUOTAS, ROLES, Entitlements


class _All(Resource):
    kind: Entitlements

    def _list(self) -> dict[str, object]:
        return {str(one["id"]): one for one in self.kind.all(self.collaborators.database)}

    def _add(self, wanted: schemas.NewRole | schemas.NewQuota) -> dict[str, object]:
        return {f"{self.kind.noun}_id": self.kind.add(self.collaborators.database, wanted.model_dump())}


class _One(Resource):
    kind: Entitlements

    def _get(self, number: int) -> dict[str, object]:
        return {self.kind.noun: self.kind.one(self.collaborators.database, number)}

    def _change(self, number: int, wanted: schemas.RoleChange | schemas.QuotaChange) -> None:
        columns = wanted.model_dump(exclude_unset=True, exclude_none=True, exclude={"id"})
        self.kind.change(self.collaborators.database, number, columns)
        self.collaborators.ring("accounts")


class Roles(_All):
    """All roles."""

    kind = ROLES

    @operation(Need.SIGNED_IN, answer=schemas.RolesAnswer)
    def on_get(self, _call: Call[None]) -> dict[str, object]:
        """List the roles by id."""
        return self._list()

    @operation(Need.CHANGE_CONFIG, body=schemas.NewRole, answer=schemas.NewRoleAnswer, code=201, refusals=(400, 409))
    def on_post(self, call: Call[schemas.NewRole]) -> dict[str, object]:
        """Create a role."""
        return self._add(call.document)


class OneRole(_One):
    """One role."""

    kind = ROLES

    @operation(Need.SIGNED_IN, answer=schemas.RoleAnswer, refusals=(404,))
    def on_get(self, _call: Call[None], role_id: int) -> dict[str, object]:
        """Return a role."""
        return self._get(role_id)

    @operation(Need.CHANGE_CONFIG, body=schemas.RoleChange, code=201, refusals=(400, 404, 409))
    def on_post(self, call: Call[schemas.RoleChange], role_id: int) -> None:
        """Change a role."""
        self._change(role_id, call.document)

    @operation(Need.CHANGE_CONFIG, code=204, refusals=(400, 404))
    def on_delete(self, _call: Call[None], role_id: int) -> None:
        """Delete a role; its users get the role `user`."""
        self.kind.delete(self.collaborators.database, role_id)


class Quotas(_All):
    """All quotas."""

    kind = QUOTAS

    @operation(Need.SIGNED_IN, answer=schemas.QuotasAnswer)
    def on_get(self, _call: Call[None]) -> dict[str, object]:
        """List the quotas by id."""
        return self._list()

    @operation(Need.CHANGE_CONFIG, body=schemas.NewQuota, answer=schemas.NewQuotaAnswer, code=201, refusals=(400, 409))
    def on_post(self, call: Call[schemas.NewQuota]) -> dict[str, object]:
        """Create a quota."""
        return self._add(call.document)


class OneQuota(_One):
    """One quota."""

    kind = QUOTAS

    @operation(Need.SIGNED_IN, answer=schemas.QuotaAnswer, refusals=(404,))
    def on_get(self, _call: Call[None], quota_id: int) -> dict[str, object]:
        """Return a quota."""
        return self._get(quota_id)

    @operation(Need.CHANGE_CONFIG, body=schemas.QuotaChange, code=201, refusals=(400, 404, 409))
    def on_post(self, call: Call[schemas.QuotaChange], quota_id: int) -> None:
        """Change a quota."""
        self._change(quota_id, call.document)

    @operation(Need.CHANGE_CONFIG, code=204, refusals=(400, 404))
    def on_delete(self, _call: Call[None], quota_id: int) -> None:
        """Delete a quota; its users get the quota `default`."""
        self.kind.delete(self.collaborators.database, quota_id)
        self.collaborators.ring("accounts")
