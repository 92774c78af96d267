"""Quiets: what a person's step held back and still fires has its ticket again when that ends."""

import asyncio

import asyncpg
import pytest

from gateway.alerts.rule import Rule
from gateway.tickets.ticket import TicketStatus
from gateway.workers.quiets import QuietClock
from tests.workers.worlds import (
    MOST,
    a_lock_is_waited_for,
    largest_piece,
    many,
    moves,
    silence,
    statuses,
    step,
)
from tests.world import World, at, firing, resolved

RESOLVED, CLOSED, CANCELLED = (
    TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED,
)  # fmt: skip
TEAM = Rule("team", group_by=("team",))


def quiet_clock(world: World) -> QuietClock:
    return QuietClock(world.quiets, lambda: world.now)


async def quiets(world: World) -> int:
    found = await world.rows("SELECT count(*) AS n FROM alerts WHERE quiet_until IS NOT NULL")
    return int(found[0]["n"])


async def only_ticket(world: World) -> str:
    (ticket,) = await world.all_tickets()
    return str(ticket["id"])


async def test_a_quiet_holds_until_its_time_and_then_the_resolved_ticket_is_reopened(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing())
        await step(world, await only_ticket(world), RESOLVED, minutes=1)
        clock = quiet_clock(world)
        world.now = at(30.9)
        await clock.turn()
        assert (await statuses(world), await quiets(world)) == ({"CPU": "resolved"}, 1)
        world.now = at(31)
        await clock.turn()
        assert (await statuses(world), await quiets(world)) == ({"CPU": "open"}, 0)
        assert (await moves(world))[-1] == ("system", "open")


async def test_after_a_close_a_quiet_that_ends_opens_a_ticket_that_follows(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        await step(world, await only_ticket(world), RESOLVED, CLOSED, minutes=1)
        world.now = at(31)
        await quiet_clock(world).turn()
        first, second = await world.all_tickets()
        assert (first["status"], second["status"]) == ("closed", "open")
        assert second["follows"] == first["id"]


async def test_a_quiet_that_ends_joins_the_live_ticket_of_its_group(database: str) -> None:
    async with World(database, rules=[TEAM]) as world:
        await world.send(firing("A", team="db"))
        await step(world, await only_ticket(world), RESOLVED, CLOSED, minutes=1)
        world.now = at(5)
        await world.send(firing("B", began=5, team="db"))
        world.now = at(31)
        await quiet_clock(world).turn()
        _, live = await world.all_tickets()
        assert (live["status"], live["firing"]) == ("open", 2)


async def test_what_has_ended_meanwhile_gets_no_ticket(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        await step(world, await only_ticket(world), RESOLVED, CLOSED, minutes=1)
        world.now = at(20)
        await world.send(resolved(ended=20))
        world.now = at(40)
        await quiet_clock(world).turn()
        assert await statuses(world) == {"CPU": "closed"}


async def test_what_a_silence_hides_meanwhile_gets_no_ticket_and_is_quiet_no_more(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing())
        await step(world, await only_ticket(world), RESOLVED, minutes=1)
        await world.people.silence(1, silence('{alertname="CPU"}', 100))
        world.now = at(31)
        await quiet_clock(world).turn()
        assert (await statuses(world), await quiets(world)) == ({"CPU": "resolved"}, 0)


async def test_a_cancel_quiets_for_as_long_as_the_episode_lasts(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        await step(world, await only_ticket(world), CANCELLED, minutes=1)
        world.now = at(1_000_000)
        assert not await quiet_clock(world).turn()
        assert (await statuses(world), await quiets(world)) == ({"CPU": "cancelled"}, 1)


async def test_a_quiet_that_a_person_lengthens_at_the_last_moment_holds(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        await world.send(firing())
        await step(world, await only_ticket(world), RESOLVED, minutes=1)
        world.now = at(31)
        async with owner.transaction():
            await owner.execute("UPDATE alerts SET quiet_until = 'infinity'")
            turn = asyncio.ensure_future(quiet_clock(world).turn())
            await a_lock_is_waited_for(owner)
        await turn
        assert (await statuses(world), await quiets(world)) == ({"CPU": "resolved"}, 1)
        (strand,) = await world.rows("SELECT last_outcome FROM strands")
        assert strand["last_outcome"] == "opened", "it was not looked at again"


@pytest.mark.parametrize("count", [MOST, MOST + 1])
async def test_quiets_end_in_bounded_steps_and_none_is_forgotten(database: str, count: int) -> None:
    async with World(database, rules=[TEAM]) as world:
        await world.send(*(firing(f"A{number}", team="db") for number in range(count)))
        await step(world, await only_ticket(world), RESOLVED, minutes=1)
        clock = quiet_clock(world)
        world.now = at(31)
        assert await clock.turn(), "there may be more"
        assert await quiets(world) == count - MOST
        assert not await clock.turn()
        assert await quiets(world) == 0
        (ticket,) = await world.all_tickets()
        assert (ticket["status"], ticket["firing"]) == ("open", count)


async def test_two_workers_at_once_end_a_quiet_once(database: str) -> None:
    async with World(database) as world, World(database) as other:
        await world.send(*many(20))
        for ticket in await world.all_tickets():
            await step(world, ticket["id"], RESOLVED, CLOSED, minutes=1)
        world.now = other.now = at(31)
        await asyncio.gather(quiet_clock(world).turn(), quiet_clock(other).turn())
        assert len(await world.all_tickets()) == 40
        assert await largest_piece(world, "tickets") <= MOST
        by_system = [new for actor, new in await moves(world) if actor == "system"]
        assert by_system == ["open"] * 40
