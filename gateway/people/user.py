"""A user, and a person: the user with its roles and groups. History knows it by its id alone."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.errors import FieldError, Refused
from gateway.history.chain import Head
from gateway.history.kind import Kind

USER_ID = re.compile(r"u_[0-9a-f]{26}")
HANDLE = re.compile(r"(?![a-z]_)[a-z0-9](?:[a-z0-9._-]{0,37}[a-z0-9])?")
"""Of at most 39 characters, and such that no id looks like one. `@anna` in a text ends with a
letter or a digit: so does a handle.
"""
TAKEN = frozenset({"me", "system"})
"""Words that mean somebody else."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """As stored. Who is disabled stays, for the history, and can do nothing any more."""

    kind: ClassVar[Kind] = Kind.USER

    id: str
    handle: str
    name: str = ""
    email: str = ""
    issuer: str | None = None
    subject: str | None = None
    time_zone: str = ""
    created_at: datetime
    disabled_at: datetime | None = None
    erased_at: datetime | None = None
    end: Head = Head()

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    @property
    def head(self) -> Head:
        """The end of its history."""
        return self.end

    @property
    def enabled(self) -> bool:
        """May do what its roles say."""
        return self.disabled_at is None and self.erased_at is None

    def told(self) -> Mapping[str, object]:
        """What every event says of it: nothing that names a person."""
        return {"user": {"id": self.id}}


def check_handle(handle: str) -> None:
    """Raises Refused for what no user can be called."""
    if not HANDLE.fullmatch(handle) or handle in TAKEN:
        wanted = (
            "is 1 to 39 of a-z 0-9 . _ -, begins and ends with a letter or a digit, is not"
            f" {' or '.join(sorted(TAKEN))}, and has no `_` in the second place"
        )
        error = FieldError("/handle", wanted)
        raise Refused(f"a handle {wanted}", code="bad_handle", errors=(error,))
