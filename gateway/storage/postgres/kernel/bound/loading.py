"""What a command must see of what binds its tickets: locked, and loaded."""

from dataclasses import dataclass, field

import asyncpg

from gateway.changes.command import Needs
from gateway.errors import NotFound
from gateway.links.bindings import Bindings
from gateway.links.link import LinkKind
from gateway.storage.postgres.kernel import rows as row
from gateway.storage.postgres.statements import load

SQL = load("links")
END_AT_ONCE = 100
"""Duplicates that end in the transaction of their original; the others end by a duty."""


@dataclass(slots=True)
class Hands:
    """What must be locked for a link, or for an end: looked at before the locks, and again."""

    keys: set[bytes] = field(default_factory=set)
    tickets: set[str] = field(default_factory=set)
    alerts: set[bytes] = field(default_factory=set)

    def covers(self, other: "Hands") -> bool:
        """Is all of *other* among these?"""
        return (
            other.keys <= self.keys
            and other.tickets <= self.tickets
            and other.alerts <= self.alerts
        )


async def lock_links(driver: asyncpg.Connection, tenant: int, needs: Needs) -> None:
    """Alone among all that change links of the tenant, until the end."""
    if needs.link is not None:
        await driver.execute(SQL["lock_links"], tenant)


async def hands_of(driver: asyncpg.Connection, tenant: int, needs: Needs) -> Hands:
    """Windows, tickets and alerts that go along."""
    found = Hands()
    found.tickets.update({needs.ticket or "", needs.other or ""} - {""})
    if needs.duplicates:
        ending = await driver.fetch(SQL["ending_with"], tenant, needs.ticket, END_AT_ONCE)
        found.tickets.update(one["id"] for one in ending)
    if needs.link == LinkKind.DUPLICATES:
        ends = needs.ticket, needs.other
        for one in await driver.fetch(SQL["tickets_changing_hands"], tenant, *ends):
            found.tickets.add(one["id"])
            found.keys.update({one["merge_key"]} - {None})
        for one in await driver.fetch(SQL["alerts_changing_hands"], tenant, *ends):
            found.alerts.add(one["fingerprint"])
            found.keys.add(one["merge_key"])
    return found


async def live_children(driver: asyncpg.Connection, tenant: int, needs: Needs) -> dict[str, int]:
    """How many the ticket has, if that is asked."""
    if not needs.children or needs.ticket is None:
        return {}
    return {needs.ticket: await driver.fetchval(SQL["live_children"], tenant, needs.ticket)}


async def load_bound(
    driver: asyncpg.Connection, tenant: int, needs: Needs, bound: Bindings
) -> None:
    """Under the locks. Raises NotFound for a user that is not there."""
    if needs.link is not None:
        ends = needs.link, needs.ticket, needs.other
        for found in await driver.fetch(SQL["around"], tenant, *ends):
            link = row.TICKET_LINKS.read(found)
            bound.links[link.place] = link
    if needs.bound:
        for found in await driver.fetch(SQL["references"], tenant, needs.ticket):
            reference = row.REFERENCES.read(found)
            bound.references[reference.place] = reference
        for found in await driver.fetch(SQL["watchers"], tenant, needs.ticket):
            bound.watchers[found["user_id"]] = row.WATCHERS.read(found)
    user = needs.watcher
    if user is not None and not await driver.fetchval(SQL["is_user"], tenant, user):
        raise NotFound(f"no user {user}")
