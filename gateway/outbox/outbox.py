"""The outbox as its relay sees it: messages are claimed, then delivered, postponed or given up."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateway.outbox.message import Message


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is this relay's alone until its lease runs out."""

    message: Message
    attempts: int
    """Tries so far, this one included. Names the claim, so a late relay cannot undo a newer one."""


class Outbox(Protocol):
    """Messages of committed transactions. All methods raise Unavailable while the storage is away.

    A message is claimable when it is due, nobody holds it, and no earlier message of its sink and
    subject is pending: so one claim never holds two messages of a subject, and they leave in order.
    """

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

    async def abandon(
        self, tenant: int, sinks: Collection[str], written_before: datetime, error: str
    ) -> int:
        """Give up pending messages for sinks that are not among *sinks*; returns how many.

        *written_before* spares the young ones: a process that runs a newer configuration may know
        their sink.
        """

    async def pending(self, tenant: int) -> int:
        """How many messages are neither delivered nor given up."""
