"""A token as it is kept: who may present it, and until when. Its secret is kept nowhere."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Role
from gateway.history.chain import Head
from gateway.history.kind import Kind

ROLES_OF_TOKENS = (Role.SENDER, Role.REQUESTER, Role.AUDITOR, Role.OPERATOR, Role.ADMIN)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """Of one user, or (*user_id* None) of nobody: then it holds *role* by itself."""

    kind: ClassVar[Kind] = Kind.TOKEN

    id: str
    name: str
    hash: bytes
    """SHA-256 of the secret."""
    role: str = ""
    source: str = ""
    """A sender's: for that source alone; empty: for any."""
    user_id: str | None = None
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    end: Head = Head()

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    @property
    def head(self) -> Head:
        """The end of its history."""
        return self.end

    def told(self) -> Mapping[str, object]:
        """What every event says of it."""
        return {"token": {"id": self.id}}


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token just made. *text* is shown once; empty where the same request is asked again."""

    token: Token
    text: str = ""
