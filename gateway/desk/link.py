"""A person links a ticket to another, or takes such a link away."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.effects.duplicate import mark_duplicate, unmark_duplicate
from gateway.effects.working_set import WorkingSet
from gateway.errors import NotFound
from gateway.links.change import check_by_people, check_new, tell_linked, tell_unlinked
from gateway.links.link import LinkKind, TicketLink, ends_of


class LinkTickets(msgspec.Struct, frozen=True, kw_only=True):
    """The ticket is the link's `from`. Doing it again is fine; the answer says whether it was new.

    Raises Refused for a kind that people do not make, Conflict for what the kind forbids.
    """

    permission: ClassVar[Permission] = Permission.TICKETS_LINK
    answers: ClassVar[object] = tuple[TicketLink, bool]

    ticket_id: str
    kind: LinkKind
    other_id: str

    def needs(self) -> Needs:
        """Both tickets, and the links around them."""
        return Needs(ticket=self.ticket_id, other=self.other_id, link=self.kind)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> tuple[TicketLink, bool]:
        """Both tickets hear of it."""
        check_by_people(self.kind, self.ticket_id, self.other_id)
        one, other = ends_of(self.kind, self.ticket_id, self.other_id)
        link = TicketLink(kind=self.kind, from_id=one, to_id=other, author=by.actor, at=now)
        known = _known(rows, link)
        if known is not None:
            return known, False
        if self.kind is LinkKind.DUPLICATES:
            mark_duplicate(rows, link, now)
            return link, True
        check_new(link, rows.bound.links.keys())
        rows.bound.new_links.append(link)
        for change in tell_linked(rows.tickets, link, by.actor, now):
            rows.save(change)
        return link, True


class UnlinkTickets(msgspec.Struct, frozen=True, kw_only=True):
    """Whichever end the ticket is. Raises NotFound if they are not linked so."""

    permission: ClassVar[Permission] = Permission.TICKETS_LINK
    answers: ClassVar[object] = TicketLink

    ticket_id: str
    kind: LinkKind
    other_id: str

    def needs(self) -> Needs:
        """Both tickets, and the link between them."""
        return Needs(ticket=self.ticket_id, other=self.other_id, link=self.kind)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> TicketLink:
        """Both tickets hear of it."""
        check_by_people(self.kind, self.ticket_id, self.other_id)
        link = self._found(rows, by, now)
        if self.kind is LinkKind.DUPLICATES:
            unmark_duplicate(rows, link, by.actor, now)
            return link
        rows.bound.gone_links.append(link)
        for change in tell_unlinked(rows.tickets, link, by.actor, now):
            rows.save(change)
        return link

    def _found(self, rows: WorkingSet, by: Principal, now: datetime) -> TicketLink:
        for one, other in ((self.ticket_id, self.other_id), (self.other_id, self.ticket_id)):
            link = TicketLink(kind=self.kind, from_id=one, to_id=other, author=by.actor, at=now)
            known = _known(rows, link)
            if known is not None:
                return known
        raise NotFound(f"no link of kind {self.kind} to {self.other_id}")


def _known(rows: WorkingSet, link: TicketLink) -> TicketLink | None:
    if link.kind is LinkKind.DUPLICATES:
        is_there = rows.tickets[link.from_id].duplicate_of == link.to_id
        return link if is_there else None
    return rows.bound.links.get(link.place)
