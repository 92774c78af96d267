"""Silences of tests: from and until so many minutes after noon."""

from uuid import UUID

from gateway.silences.silence import Silence
from matchers import parse
from tests.alerts.identities import NOON, at


def silence(number: int, matchers: str, starts: float = 0, ends: float = 60) -> Silence:
    """Its id is *number*."""
    return Silence(
        id=UUID(int=number),
        matchers=parse(matchers),
        starts_at=at(starts),
        ends_at=at(ends),
        author="anna",
        comment="maintenance",
        created_at=NOON,
        updated_at=NOON,
    )
