"""Changes of links as values: both tickets hear of each. They move no ticket's version."""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from gateway.changes.change import Change
from gateway.errors import Conflict, FieldError, Refused
from gateway.events.event import Event, EventType
from gateway.history.chain import Entry
from gateway.history.kind import Kind
from gateway.links.link import BY_PEOPLE, MOST_GENERATIONS, LinkKey, LinkKind, TicketLink
from gateway.tickets.ticket import ENDED, Ticket


def check_by_people(kind: LinkKind, one: str, other: str) -> None:
    """Raises Refused for a link that people do not make, and for one to itself."""
    if kind not in BY_PEOPLE:
        raise Refused(
            f"links of kind {kind} come with what makes them",
            code="link_not_by_people",
            errors=(FieldError("/kind", f"must be one of {', '.join(sorted(BY_PEOPLE))}"),),
        )
    if one == other:
        raise Refused(
            "a ticket is not linked to itself",
            code="link_to_itself",
            errors=(FieldError("/ticket", "must be another ticket"),),
        )


def check_new(link: TicketLink, around: Collection[LinkKey]) -> None:
    """Raises Conflict for a second parent, a ring, and a family of too many generations.

    *around* holds the links of its kind above `from` and below `to`.
    """
    if link.kind not in (LinkKind.PARENT, LinkKind.BLOCKS):
        return
    below, above = _by_end(around, 1), _by_end(around, 2)
    if link.kind is LinkKind.PARENT and link.to_id in above:
        raise Conflict(
            "the ticket has a parent already: remove that link first",
            code="has_parent",
            extra={"ticket_id": above[link.to_id][0]},
        )
    if link.from_id in _steps(link.to_id, below):
        raise Conflict(f"that would close a ring of {link.kind} links", code="link_ring")
    if link.kind is LinkKind.PARENT:
        _check_generations(link, above, below)


def _check_generations(
    link: TicketLink, above: Mapping[str, list[str]], below: Mapping[str, list[str]]
) -> None:
    over, under = _steps(link.from_id, above), _steps(link.to_id, below)
    if max(over.values()) + 1 + max(under.values()) > MOST_GENERATIONS:
        raise Conflict(
            f"a ticket has at most {MOST_GENERATIONS} parents above it", code="too_many_generations"
        )


def _by_end(around: Collection[LinkKey], end: int) -> dict[str, list[str]]:
    """The other ends, by that of the given place in the key."""
    found: dict[str, list[str]] = {}
    for key in around:
        found.setdefault(key[end], []).append(key[3 - end])
    return found


def _steps(start: str, ways: Mapping[str, list[str]]) -> dict[str, int]:
    """What can be reached from *start*, and in how many steps at least."""
    reached, edge = {start: 0}, [start]
    while edge:
        edge = [to for one in edge for to in ways.get(one, ()) if to not in reached]
        depth = max(reached.values()) + 1
        reached.update(dict.fromkeys(edge, depth))
    return reached


def check_original(ticket: Ticket, original: Ticket) -> None:
    """Raises Conflict unless *original* may stand for *ticket*: every original is a root."""
    if ticket.duplicate_of is not None:
        raise Conflict(
            f"the ticket duplicates {ticket.duplicate_of} already: remove that link first",
            code="already_duplicate",
            extra={"ticket_id": ticket.duplicate_of},
        )
    if original.duplicate_of is not None:
        raise Conflict(
            f"{original.id} is a duplicate itself: its original is {original.duplicate_of}",
            code="original_is_duplicate",
            extra={"ticket_id": original.duplicate_of},
        )
    if original.status in ENDED:
        raise Conflict(f"{original.id} has ended", code="original_ended")


def tell_linked(
    tickets: Mapping[str, Ticket], link: TicketLink, actor: str, now: datetime
) -> tuple[Change[Ticket], ...]:
    """Both ends hear that they are linked."""
    return _tell(tickets, link, actor, now, EventType.TICKET_LINKED)


def tell_unlinked(
    tickets: Mapping[str, Ticket], link: TicketLink, actor: str, now: datetime
) -> tuple[Change[Ticket], ...]:
    """Both ends hear that they are linked no longer."""
    return _tell(tickets, link, actor, now, EventType.TICKET_UNLINKED)


def _tell(
    tickets: Mapping[str, Ticket], link: TicketLink, actor: str, now: datetime, event: EventType
) -> tuple[Change[Ticket], ...]:
    ends = (link.from_id, link.to_id), (link.to_id, link.from_id)
    return tuple(_heard(tickets[one], other, link, actor, now, event) for one, other in ends)


def _heard(
    ticket: Ticket, other: str, link: TicketLink, actor: str, now: datetime, event: EventType
) -> Change[Ticket]:
    """The comment tells which end is which."""
    at, value = max(now, ticket.created_at), f"{link.kind}:{other}"
    gone = event is EventType.TICKET_UNLINKED
    old, new = (value, None) if gone else (None, value)
    says = f"{link.from_id} {link.kind} {link.to_id}"
    entry = Entry(Kind.TICKET, ticket.id, at, actor, "link", old, new, says)
    data = {"kind": str(link.kind), "other": other, "from": link.from_id, "by": actor}
    return Change(ticket, (entry,), (Event(event, at, data),))


def with_original(change: Change[Ticket], original: str | None) -> Change[Ticket]:
    """The change of a duplicate that says what it duplicates now."""
    after = msgspec.structs.replace(change.after, duplicate_of=original)
    return Change(after, change.entries, change.events)
