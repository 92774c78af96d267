"""A comment: text that a person wrote on a ticket. Its digest stands in the ticket's history."""

import re
import secrets
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

import msgspec

from gateway.history.chain import SALT_BYTES

MAX_BODY_BYTES = 65_536
MOST_MENTIONS = 100
COMMENT_ID = re.compile(r"c_[0-9a-f]{26}")
_HANDLE = re.compile(r"(?<![\w@./-])@([A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?)(?![\w@])")


class Visibility(StrEnum):
    """Who sees a comment: those who work on tickets, or everybody who sees the ticket."""

    INTERNAL = "internal"
    AUDITOR_VISIBLE = "auditor_visible"


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """As stored. One that was retracted has no body any more."""

    ticket_id: str
    id: str
    author: str
    visibility: Visibility
    body: str
    salt: bytes
    mentions: tuple[str, ...]
    """Ids of users who can see it."""
    at: datetime
    edited_at: datetime | None = None
    retracted_at: datetime | None = None
    unreached: tuple[str, ...] = ()
    """Handles that it names in vain. Of an answer to its author alone: kept nowhere."""

    @property
    def digest(self) -> str:
        """As history names it: the text can be erased, and cannot be exchanged."""
        return f"{self.id} sha256:{sha256(self.salt + self.body.encode()).hexdigest()}"


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """What a comment said before it was edited."""

    ticket_id: str
    comment_id: str
    number: int
    body: str
    salt: bytes
    at: datetime
    """When it was written."""


def new_salt() -> bytes:
    """Of one text."""
    return secrets.token_bytes(SALT_BYTES)


def mentions_in(body: str) -> tuple[str, ...]:
    """Handles as `@anna` names them, in lower case, each once, in their order; 100 at most."""
    found = dict.fromkeys(match[1].lower() for match in _HANDLE.finditer(body))
    return tuple(found)[:MOST_MENTIONS]
