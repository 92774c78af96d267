"""How dead letters look."""

from typing import Annotated

from msgspec import Struct

from gateway.intake.delivery.letters import LetterView
from gateway.web.views.words import Count, Name, Ordinal, Time, about

SHOWN_BYTES = 16_384
"""Of each letter in a list."""


class ShownDeadLetter(Struct, frozen=True, kw_only=True, gc=False):
    """Equal bytes that were taken in and are in no alert, for one reason."""

    id: str
    source: str
    reason: Name
    error: Annotated[str, about("For people.")]
    count: Ordinal
    raw: Annotated[str, about("The first 16 KiB; what is not UTF-8 is shown as U+FFFD.")]
    raw_bytes: Annotated[Count, about("Of all that is kept.")]
    batch: Annotated[str, about("Of the latest one; as in the answer and in the log.")]
    first_seen: Time
    last_seen: Time


class Replayed(Struct, frozen=True, kw_only=True, gc=False):
    """What became of the letters that were tried."""

    taken: Annotated[Count, about("On disk, on their way to an alert.")]
    failed: Annotated[Count, about("Still refused; they stay.")]
    more: Annotated[bool, about("There may be more than were tried.")]


def show_letter(letter: LetterView) -> ShownDeadLetter:
    """A letter with the beginning of its bytes."""
    return ShownDeadLetter(
        id=f"{letter.digest.hex()}.{letter.source}",
        source=letter.source,
        reason=letter.reason,
        error=letter.error,
        count=letter.count,
        raw=letter.raw.decode("utf-8", "replace"),
        raw_bytes=letter.raw_bytes,
        batch=letter.batch,
        first_seen=letter.first_seen,
        last_seen=letter.last_seen,
    )
