"""The outbox as its relay sees it: messages are claimed, then delivered, postponed or given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from gateway.outbox.message import Message


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is this relay's alone until its lease runs out."""

    message: Message
    attempts: int
    """Tries so far, this one included. Names the claim, so a late relay cannot undo a newer one."""


class PendingMessages(NamedTuple):
    """What waits in one tenant's outbox."""

    tenant: int
    messages: int
    """Neither delivered nor given up."""
    has_orphans: bool
    """Some wait for a sink that is not there any more."""


class Outbox(Protocol):
    """Messages of committed transactions. All methods raise Unavailable while the storage is away.

    A message is claimable when it is due, nobody holds it, and no earlier message of its sink and
    subject is pending: so one claim never holds two messages of a subject, and they leave in order.
    """

    async def due(self, sink: str, now: datetime) -> Sequence[int]:
        """Tenants with messages for *sink* that are due, unless an earlier one holds them up."""

    async def claim(
        self, tenant: int, sink: str, limit: int, now: datetime, lease: timedelta
    ) -> Sequence[Claimed]:
        """At most *limit* messages, those longest due; counts the attempt. A lease that runs out
        (its relay died) makes the message claimable again: delivery is at least once."""

    async def delivered(self, claimed: Claimed, now: datetime) -> None:
        """The receiver has it, whoever delivered it."""

    async def postpone(self, claimed: Claimed, at: datetime, error: str) -> None:
        """Due again at *at*. Changes nothing if the message was claimed anew meanwhile."""

    async def give_up(self, claimed: Claimed, error: str) -> None:
        """It failed for good; the next of its subject may go. Guarded like `postpone`."""
