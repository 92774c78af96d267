"""A person: a user with the roles that it holds and the groups that it is in."""

import re
from enum import StrEnum

import msgspec

from gateway.access.permission import ProjectRole, Role, strongest
from gateway.access.principal import Principal
from gateway.people.user import User

GROUP_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
ROLES_OF_USERS = (Role.REQUESTER, Role.AUDITOR, Role.OPERATOR, Role.ADMIN)
"""What a user can be granted in its tenant: senders are no people."""
_STRONGEST_FIRST = (ProjectRole.LEAD, ProjectRole.MEMBER, ProjectRole.VIEWER)


class RightsOrigin(StrEnum):
    """Who said so: somebody here, or the provider of identities at each login."""

    MANUAL = "manual"
    OIDC = "oidc"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role of a user: in *project*, by its key, or (empty) in the whole tenant."""

    user_id: str
    role: str
    project: str = ""
    origin: RightsOrigin = RightsOrigin.MANUAL

    @property
    def words(self) -> str:
        """As history tells it."""
        return f"{self.role} in {self.project}" if self.project else self.role


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A user in a group."""

    group_name: str
    user_id: str
    origin: RightsOrigin = RightsOrigin.MANUAL


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whole, as commands decide on it."""

    user: User
    grants: tuple[Grant, ...] = ()
    groups: tuple[Membership, ...] = ()

    @property
    def is_admin(self) -> bool:
        """And can do something about it."""
        return self.user.enabled and self.role is Role.ADMIN

    @property
    def role(self) -> Role:
        """In the tenant: the strongest."""
        return strongest(one.role for one in self.grants if not one.project)

    @property
    def projects(self) -> dict[str, ProjectRole]:
        """The strongest role in each project, by its key. What is no role any more is none."""
        held = {(one.project, one.role) for one in self.grants if one.project}
        keys = {project for project, _ in held}
        found = {key: _strongest_in(key, held) for key in keys}
        return {key: role for key, role in found.items() if role is not None}

    def principal(self, tenant: int, closed: frozenset[str] = frozenset()) -> Principal:
        """Who they are when they ask. *closed*: projects that only their members see."""
        return Principal(
            tenant,
            self.user.id,
            self.role,
            user=self.user.id,
            groups=frozenset(one.group_name for one in self.groups),
            projects=self.projects,
            closed=closed,
        )


def _strongest_in(project: str, held: set[tuple[str, str]]) -> ProjectRole | None:
    return next((role for role in _STRONGEST_FIRST if (project, role) in held), None)
