"""What holds repeats back: a cache of what the ledger has confirmed, and counters beside it.

It may be slow, away or erased at any moment: nothing here raises for that. What it does not answer
passes, and the ledger alone decides, as it does without one. So a wrong or lost cache delays a
count by one flush interval, and never hides news.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from gateway.alerts.memory import Confirmed
from gateway.effects.repeats import Asked, Held, ReportKey

AT_ONCE = 4_000
"""Reports asked for together: neither the event loop nor Redis is busy for long, or it would look
slow.
"""


@dataclass(slots=True)
class Absorbed:
    """What became of the reports that were asked for; in neither: no answer."""

    held: list[ReportKey] = field(default_factory=list)
    passed: dict[ReportKey, Held] = field(default_factory=dict)


class Confirmation(msgspec.Struct, gc=False):
    """What the ledger has committed of one report that had passed."""

    born: int
    credited: int
    """The counter's value that was credited."""
    known: Confirmed | None = None
    """None: the credit alone is confirmed."""
    received_at: datetime | None = None
    """Of the last sighting; with *known*."""
    lease_until: datetime | None = None


class Absorber(Protocol):
    """Holds repeats back. No call raises for an absorber that is away."""

    async def recall(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Confirmed]:
        """What other processes, or this one before it forgot, had confirmed of reports."""

    async def absorb(self, asked: Mapping[ReportKey, Asked]) -> Absorbed:
        """Count what repeats the confirmed state before its flush is due; the rest passes."""

    async def confirm(self, confirmations: Mapping[ReportKey, Confirmation]) -> None:
        """After the commit. Never an older version; never of a counter that was erased since."""

    async def void(self, versions: Mapping[ReportKey, int]) -> None:
        """Something else has changed strands, whose rows now have these versions."""

    async def held(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Held]:
        """Of these, what is held and not credited."""

    async def due(self, tenant: int, now: datetime) -> tuple[Mapping[ReportKey, Held], bool]:
        """Some of what fell silent with something uncredited; True: call again for more."""


class NothingHeld:
    """Without Redis: every summed sighting passes."""

    async def recall(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Confirmed]:
        """Nothing."""
        return {}

    async def absorb(self, asked: Mapping[ReportKey, Asked]) -> Absorbed:
        """No answer for any."""
        return Absorbed()

    async def confirm(self, confirmations: Mapping[ReportKey, Confirmation]) -> None:
        """Nobody to tell."""

    async def void(self, versions: Mapping[ReportKey, int]) -> None:
        """Nobody to tell."""

    async def held(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Held]:
        """Nothing."""
        return {}

    async def due(self, tenant: int, now: datetime) -> tuple[Mapping[ReportKey, Held], bool]:
        """Nothing."""
        return {}, False
