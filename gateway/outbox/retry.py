"""When a message that could not be delivered is tried again: eleven waits, three days in all."""

from datetime import datetime, timedelta

WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
LONGEST_WISH = timedelta(hours=24)
"""A receiver may ask for more patience, but not for ever."""
SPREAD = 0.2
"""Share of a wait by which jitter may lengthen it."""


def next_attempt(
    attempts: int, now: datetime, retry_after_seconds: float, jitter: float
) -> datetime | None:
    """When to try again after the *attempts*-th try (1, 2, …) failed; None when none is left.

    *retry_after_seconds* is the receiver's wish: it lengthens a wait and never shortens it.
    *jitter*, in [0, 1), keeps messages that failed together from coming back together.
    """
    if attempts < 1:
        raise ValueError("a wait follows a try: attempts begin at 1")
    if attempts > len(WAITS):
        return None
    wish = timedelta(seconds=min(retry_after_seconds, LONGEST_WISH.total_seconds()))
    return now + max(WAITS[attempts - 1], wish) * (1 + SPREAD * jitter)
