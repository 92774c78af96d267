"""What must be in the ledger, worked out from the history alone: a fold of a few lines."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.torture.history import Said, Sent


@dataclass(slots=True)
class Expected:
    """One label set: its greatest start, its greatest end, how often it was said."""

    began: datetime | None = None
    ended: datetime | None = None
    sightings: int = 0

    @property
    def fires(self) -> bool:
        """It fires if it began after it ended last, in whatever order that was said."""
        if self.began is None:
            return False
        return self.ended is None or self.began > self.ended

    def hear(self, said: Said) -> None:
        self.sightings += 1
        if said.ended is None:
            self.began = max(self.began or said.began, said.began)
        else:
            self.ended = max(self.ended or said.ended, said.ended)


def fold(requests: Iterable[Sent], taken: Collection[str]) -> dict[str, Expected]:
    """By key of the label set; only what was taken counts."""
    expected: dict[str, Expected] = {}
    for sent in requests:
        if sent.name in taken:
            for said in sent.said:
                expected.setdefault(said.key, Expected()).hear(said)
    return expected


def letters(requests: Iterable[Sent], taken: Collection[str]) -> int:
    """How many alerts must have become dead letters."""
    return sum(sent.letters for sent in requests if sent.name in taken)


def sightings(requests: Iterable[Sent], taken: Collection[str]) -> Counter[str]:
    """How often each label set was said."""
    return Counter({key: one.sightings for key, one in fold(requests, taken).items()})
