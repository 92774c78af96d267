"""How far all journals have been applied: what hangs on it waits for the last of them."""

from datetime import datetime, timedelta
from typing import Protocol

ON_ITS_WAY = timedelta(seconds=2)
"""A journal may call itself empty while a record that was received so long ago is on its way to the
disk: what hangs on all of them waits so much longer."""


class JournalPositions(Protocol):
    """Of all processes of the installation."""

    async def drained_until(self, now: datetime) -> datetime:
        """Whatever was received by then is applied, whichever journal took it in; *now* at most."""


async def applied_until(journals: JournalPositions, now: datetime) -> datetime:
    """Everything received by then is in the ledger, also what was on its way into a journal."""
    return await journals.drained_until(now) - ON_ITS_WAY
