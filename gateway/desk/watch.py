"""A person watches a ticket, or lets another do so: they hear what becomes of it."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict
from gateway.links.bind import unwatch, watch
from gateway.links.reference import MOST_WATCHERS, Watcher
from gateway.tickets.ticket import Ticket


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """*user* empty: oneself. Doing it again is fine."""

    permission: ClassVar[Permission] = Permission.TICKETS_WATCH
    answers: ClassVar[object] = Watcher

    ticket_id: str
    user: str = ""

    def needs(self) -> Needs:
        """The ticket with its watchers, and whoever is named."""
        return Needs(ticket=self.ticket_id, bound=True, watcher=self.user or None)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Watcher:
        """Raises Forbidden for another than oneself, without the right to link."""
        one = _watcher(rows.tickets[self.ticket_id], self.user, by)
        if one.user_id in rows.bound.watchers:
            return one
        if len(rows.bound.watchers) >= MOST_WATCHERS:
            raise Conflict(f"a ticket has at most {MOST_WATCHERS}", code="too_many_watchers")
        rows.bound.new_watchers.append(one)
        rows.save(watch(rows.tickets[self.ticket_id], one, by.actor, now))
        return one


class Unwatch(msgspec.Struct, frozen=True, kw_only=True):
    """*user* empty: oneself. Doing it again is fine."""

    permission: ClassVar[Permission] = Permission.TICKETS_WATCH
    answers: ClassVar[object] = Watcher

    ticket_id: str
    user: str = ""

    def needs(self) -> Needs:
        """The ticket with its watchers."""
        return Needs(ticket=self.ticket_id, bound=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Watcher:
        """Raises Forbidden for another than oneself, without the right to link."""
        one = _watcher(rows.tickets[self.ticket_id], self.user, by)
        if one.user_id in rows.bound.watchers:
            rows.bound.gone_watchers.append(one)
            rows.save(unwatch(rows.tickets[self.ticket_id], one, by.actor, now))
        return one


def _watcher(ticket: Ticket, user: str, by: Principal) -> Watcher:
    oneself = by.user or by.actor
    if user and user != oneself:
        by.check(Permission.TICKETS_LINK, ticket.project)
    return Watcher(ticket_id=ticket.id, user_id=user or oneself)
