"""A principal: who asks, for which tenant, and what they may do."""

from dataclasses import dataclass

from gateway.access.permission import GRANTED, Permission, Role
from gateway.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. *actor* is what history says of them."""

    tenant: int
    actor: str
    role: Role

    def may(self, permission: Permission) -> bool:
        """Does the role hold *permission*?"""
        return permission in GRANTED[self.role]

    def check(self, permission: Permission) -> None:
        """Raises Forbidden (`missing_permission`) if the role does not hold it."""
        if not self.may(permission):
            raise Forbidden(
                f"the role {self.role} may not do this: it needs {permission}",
                code="missing_permission",
                extra={"permission": str(permission)},
            )
