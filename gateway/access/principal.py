"""A principal: who asks, for which tenant, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.access.permission import GRANTED, GRANTED_IN_PROJECT, Permission, ProjectRole, Role
from gateway.errors import Forbidden

_OPERATORS = frozenset({Role.OPERATOR, Role.ADMIN})
_OPERATORS_THERE = frozenset({ProjectRole.MEMBER, ProjectRole.LEAD})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. *actor* is what history says of them: `u_…`, `t_…`, `local:anna`."""

    tenant: int
    actor: str
    role: Role
    user: str = ""
    """Id of the user; empty: a token of no user, or somebody local without one."""
    groups: frozenset[str] = frozenset()
    projects: Mapping[str, ProjectRole] = field(default_factory=dict)
    """By key of the project: roles besides *role*."""
    source: str = ""
    """A token bound to one source may deliver for that one; empty: for any."""
    closed: frozenset[str] = frozenset()
    """Keys of the tenant's projects that only their members see."""

    def may(self, permission: Permission, project: str = "") -> bool:
        """Does the role hold *permission*, or the one in *project* (empty: of no project)?"""
        if permission in GRANTED[self.role]:
            return True
        there = self.projects.get(project) if project else None
        return there is not None and permission in GRANTED_IN_PROJECT[there]

    def may_anywhere(self, permission: Permission) -> bool:
        """Is there a project, or none, in which they may? Asked before the row is known."""
        return self.may(permission) or any(self.may(permission, key) for key in self.projects)

    def works_in(self, project: str = "") -> bool:
        """An operator there, by tenant or by project: no mere requester."""
        return self.role in _OPERATORS or self.projects.get(project) in _OPERATORS_THERE

    def check(self, permission: Permission, project: str = "") -> None:
        """Raises Forbidden (`missing_permission`) if the role does not hold it."""
        if not self.may(permission, project):
            self._refuse(permission)

    def check_anywhere(self, permission: Permission) -> None:
        """As `check`, where it is not known yet what row is meant."""
        if not self.may_anywhere(permission):
            self._refuse(permission)

    def _refuse(self, permission: Permission) -> None:
        raise Forbidden(
            f"the role {self.role} may not do this: it needs {permission}",
            code="missing_permission",
            extra={"permission": str(permission)},
        )
