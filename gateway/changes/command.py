"""Commands: what people and time do, as values. `perform` loads, checks, decides and saves.

A command says what permission it asks for and what it needs, and decides on the rows that it is
given; it reads no clock and knows no storage.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.errors import Conflict

RowsType = TypeVar("RowsType", contravariant=True)
AnswerType = TypeVar("AnswerType", covariant=True)


@dataclass(frozen=True, slots=True)
class Needs:
    """What is to be loaded and locked. What is named and does not exist is NotFound."""

    ticket: str | None = None
    alerts_follow: bool = False
    """With the windows of the ticket's alerts, which the command may quiet."""
    stays_live: bool = False
    """But not if the ticket is live: it stays so, and nothing changes for its alerts."""
    alert: bytes | None = None
    """Fingerprint: with its window and the tickets of both."""
    silence: UUID | None = None
    comment: str | None = None
    """Of the ticket."""
    project: str = ""
    """Where what is new shall be: there the permission is needed. A ticket's is its own."""
    declarations: bool = False
    """All that is declared, and ever was; nobody else declares meanwhile."""
    people: tuple[str, ...] = ()
    """Ids, and handles as `@anna` names them: looked up; who is not there is simply absent."""
    changes_people: bool = False
    """Users, their roles or groups, or tokens: one such change at a time in a tenant, and it sees
    all admins.
    """
    token: str | None = None
    other: str | None = None
    """A second ticket: what holds for the first holds for it."""
    link: str | None = None
    """Kind of a link from *ticket* to *other*: with the links around it, locked before all else."""
    duplicates: bool = False
    """With the ticket's duplicates that have not ended, as many as end at once."""
    children: bool = False
    """With the count of its children that are live."""
    bound: bool = False
    """With the ticket's references and watchers."""
    watcher: str | None = None
    """A user, who must be there and not be disabled."""
    version: int | None = None
    """Of the ticket, as the caller has seen it; None: whatever it is."""


@dataclass(eq=False)
class StaleVersion(Conflict):
    """Somebody else changed the noun first."""

    code: str = "stale_ticket"


class Command(Protocol[RowsType, AnswerType]):
    """One change, decided in one place. Its fields are what a request says, and nothing drawn by
    chance: two equal ones under one key are the same request.
    """

    permission: ClassVar[Permission]
    answers: ClassVar[Any]
    """The type of its answer, to be kept under an idempotency key."""

    def needs(self) -> Needs:
        """What it must see."""

    def decide(self, rows: RowsType, by: Principal, now: datetime) -> AnswerType:
        """Pure. Saves changes in *rows*; raises Forbidden, NotFound, Conflict, Refused."""
