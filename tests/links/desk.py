"""People who link tickets, through the one door of a real database."""

from dataclasses import dataclass, field

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.desk.change_ticket import StepTicket
from gateway.desk.link import LinkTickets, UnlinkTickets
from gateway.desk.open_ticket import OpenTicket
from gateway.errors import GatewayError
from gateway.events.event import EventType
from gateway.events.routing import Route
from gateway.links.link import LinkKind, TicketLink
from gateway.storage.postgres.kernel.perform import Door
from gateway.tickets.ticket import Ticket, TicketStatus
from tests.world import World

ANNA = Principal(1, "local:anna", Role.ADMIN)


@dataclass
class Desk:
    """Opens tickets, links them, and takes them along."""

    world: World
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        routes = [Route("hook", frozenset(EventType))]
        self.door = Door(self.world.database, routes, self.world.rule_named)

    async def open(self, count: int = 1) -> list[str]:
        """Ids of new tickets."""
        made = [await self.door.perform(OpenTicket(title=f"t{n}"), ANNA) for n in range(count)]
        return [ticket.id for ticket in made]

    async def link(self, kind: LinkKind, one: str, other: str) -> tuple[TicketLink, bool]:
        return await self.door.perform(LinkTickets(kind=kind, ticket_id=one, other_id=other), ANNA)

    async def unlink(self, kind: LinkKind, one: str, other: str) -> TicketLink:
        return await self.door.perform(
            UnlinkTickets(kind=kind, ticket_id=one, other_id=other), ANNA
        )

    async def refusal(self, kind: LinkKind, one: str, other: str) -> str:
        """The code under which a link is refused; empty: it is there now."""
        try:
            await self.link(kind, one, other)
        except GatewayError as refused:
            return refused.code
        return ""

    async def step(self, ticket: str, *to: TicketStatus) -> Ticket:
        for status in to:
            moved = await self.door.perform(
                StepTicket(
                    ticket_id=ticket,
                    to=status,
                    comment="so",
                    resolution="fixed" if status == TicketStatus.RESOLVED else "",
                ),
                ANNA,
            )
        return moved

    async def ticket(self, ticket_id: str) -> dict[str, object]:
        [row] = await self.world.rows("SELECT * FROM tickets WHERE id = $1", ticket_id)
        return row

    async def links(self) -> set[tuple[str, str, str]]:
        rows = await self.world.rows("SELECT kind, from_id, to_id FROM ticket_links")
        return {(row["kind"], row["from_id"], row["to_id"]) for row in rows}
