"""A change: a noun as it now is, with its history entries and its events, in one piece.

Nouns make their changes themselves; nothing else makes history, so nothing can forget its entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, TypeVar

import msgspec

from gateway.events.event import Event, PlacedEvent, Subject
from gateway.history.chain import Chained, Entry, Head, chain
from gateway.history.kind import Kind


class Noun(Subject, Protocol):
    """Whatever has a history. It carries the head of its own chain, as it was when loaded."""

    kind: ClassVar[Kind]

    @property
    def key(self) -> str:
        """Its id, as history and events name it."""

    @property
    def head(self) -> Head:
        """The end of its history."""


NounType = TypeVar("NounType", bound=Noun, covariant=True)


class Change(msgspec.Struct, Generic[NounType], frozen=True, gc=False):
    """To be saved whole, in one transaction."""

    after: NounType
    entries: tuple[Entry, ...]
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        if not self.entries:
            raise ValueError("a change without a history entry is none")


ObjectKey = tuple[Kind, str]
"""Kind and id of an object that has a history."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Changes and events in their places in the history."""

    chained: list[Chained]
    events: list[PlacedEvent]
    heads: dict[ObjectKey, Head]
    """The new ends of the chains."""


def finish(changes: Iterable[Change[Noun]]) -> Finished:
    """In their order, each behind what its object has."""
    finished = Finished([], [], {})
    for change in changes:
        after = change.after
        place = after.kind, after.key
        links = chain(change.entries, finished.heads.get(place, after.head))
        last = links[-1]
        finished.chained.extend(links)
        finished.heads[place] = Head(last.sequence, last.hash)
        finished.events.extend(
            PlacedEvent(event, after.key, after, last.sequence) for event in change.events
        )
    return finished
