"""What is sent and answered about users, roles, quotas and tokens."""

from typing import Annotated

from pydantic import Field, RootModel, StringConstraints

from zoe.api.schemas import (
    BIG,
    Answered,
    Bytes,
    Cores,
    Email,
    FsUid,
    Hours,
    Id,
    Name,
    Password,
    Priority,
    Sent,
    Time,
    Username,
)

Source = Annotated[str, StringConstraints(max_length=64)]


class User(Answered):
    """Somebody who may sign in."""

    id: int
    username: str
    fs_uid: int
    email: str
    priority: int
    enabled: bool
    auth_source: str
    quota_id: int
    role_id: int


class UserAnswer(Answered):
    """One user."""

    user: User


class UserFilters(Sent):
    """Which users; all of them have to be met."""

    username: str | None = None
    email: str | None = None
    auth_source: str | None = None
    priority: Priority | None = None
    role_id: Id | None = None
    quota_id: Id | None = None
    enabled: bool | None = None


class NewUser(Sent):
    """A user to be. `fs_uid` -1: the next that is free."""

    username: Username
    email: Email
    role_id: Id
    quota_id: Id
    auth_source: Source
    fs_uid: FsUid
    priority: Priority = 0
    enabled: bool = True
    password: Password | None = None


class UserChange(Sent):
    """What is to change of a user; the rest stays. Of one's own account only e-mail and password."""

    id: Id | None = None
    username: Username | None = None
    email: Email | None = None
    role_id: Id | None = None
    quota_id: Id | None = None
    auth_source: Source | None = None
    fs_uid: FsUid | None = None
    priority: Priority | None = None
    enabled: bool | None = None
    password: Password | None = None


class NewUserAnswer(Answered):
    """The user's id."""

    user_id: int


class Permissions(Sent):
    """What a role allows."""

    can_see_status: bool = False
    can_change_config: bool = False
    can_operate_others: bool = False
    can_delete_executions: bool = False
    can_access_api: bool = False
    can_customize_resources: bool = False
    can_access_full_zapp_shop: bool = False


class NewRole(Permissions):
    """A role to be."""

    name: Name


class RoleChange(Permissions):
    """What is to change of a role; the rest stays."""

    id: Id | None = None
    name: Name | None = None


class Role(Permissions):
    """What its users may do."""

    id: int
    name: str


class RoleAnswer(Answered):
    """One role."""

    role: Role


class NewRoleAnswer(Answered):
    """The role's id."""

    role_id: int


class Limits(Sent):
    """How much each user may have at a time; 0: no limit."""

    concurrent_executions: Annotated[int, Field(ge=0, le=BIG)] = 0
    cores: Cores = 0
    memory: Bytes = 0
    runtime_limit: Hours = 0


class NewQuota(Limits):
    """A quota to be."""

    name: Name


class QuotaChange(Limits):
    """What is to change of a quota; the rest stays."""

    id: Id | None = None
    name: Name | None = None


class Quota(Limits):
    """What its users may have."""

    id: int
    name: str


class QuotaAnswer(Answered):
    """One quota."""

    quota: Quota


class NewQuotaAnswer(Answered):
    """The quota's id."""

    quota_id: int


class NewToken(Sent):
    """An API token to be; `expires` null: never."""

    name: Name
    expires: Time | None = None


class Token(Answered):
    """An API token, without its secret."""

    id: int
    name: str
    created: float
    expires: float | None


class NewTokenAnswer(Answered):
    """The token: `token` is the secret, told this once."""

    token_id: int
    token: str


class UsersAnswer(RootModel[dict[str, User]]):
    """Users by id."""


class RolesAnswer(RootModel[dict[str, Role]]):
    """Roles by id."""


class QuotasAnswer(RootModel[dict[str, Quota]]):
    """Quotas by id."""


class TokensAnswer(RootModel[dict[str, Token]]):
    """Tokens by id."""
