"""A person refers from a ticket to what lives elsewhere."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict, NotFound
from gateway.links.bind import refer
from gateway.links.reference import MOST_REFERENCES, Reference, ReferenceKind


class AddReference(msgspec.Struct, frozen=True, kw_only=True):
    """The answer says whether it was new; one that is there is given another title and URL."""

    permission: ClassVar[Permission] = Permission.TICKETS_LINK
    answers: ClassVar[object] = tuple[Reference, bool]

    ticket_id: str
    kind: ReferenceKind
    reference: str
    title: str = ""
    url: str = ""

    def needs(self) -> Needs:
        """The ticket with its references."""
        return Needs(ticket=self.ticket_id, bound=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> tuple[Reference, bool]:
        """Raises Conflict if the ticket has too many."""
        one = Reference(
            ticket_id=self.ticket_id,
            kind=self.kind,
            reference=self.reference,
            title=self.title,
            url=self.url,
        )
        known = rows.bound.references.get(one.place)
        if known == one:
            return one, False
        if known is None and len(rows.bound.references) >= MOST_REFERENCES:
            raise Conflict(f"a ticket has at most {MOST_REFERENCES}", code="too_many_references")
        former = [] if known is None else [known]
        rows.bound.gone_references.extend(former)
        rows.bound.new_references.append(one)
        rows.save(refer(rows.tickets[self.ticket_id], former, [one], by.actor, now))
        return one, known is None


class RemoveReference(msgspec.Struct, frozen=True, kw_only=True):
    """Raises NotFound if it is not there."""

    permission: ClassVar[Permission] = Permission.TICKETS_LINK
    answers: ClassVar[object] = Reference

    ticket_id: str
    kind: ReferenceKind
    reference: str

    def needs(self) -> Needs:
        """The ticket with its references."""
        return Needs(ticket=self.ticket_id, bound=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Reference:
        """What it said."""
        known = rows.bound.references.get((self.kind, self.reference))
        if known is None:
            raise NotFound(f"no reference {self.kind}:{self.reference}")
        rows.bound.gone_references.append(known)
        rows.save(refer(rows.tickets[self.ticket_id], [known], [], by.actor, now))
        return known
