"""Closing: resolved tickets are closed by the system once nobody has objected for long enough."""

import asyncio
from datetime import timedelta

import asyncpg

from gateway.tickets.ticket import TicketStatus
from gateway.workers.closing import Closing
from tests.workers.worlds import a_lock_is_waited_for, all_turns, many, moves, statuses, step
from tests.world import World, at, firing, resolved

AFTER = timedelta(minutes=60)
MOST = 200


def closing(world: World) -> Closing:
    return Closing(world.closing, lambda: world.now, AFTER)


async def test_a_ticket_is_closed_when_it_has_been_resolved_for_long_enough(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        world.now = at(5)
        await world.send(resolved(ended=5))
        worker = closing(world)
        world.now = at(64.9)
        await worker.turn()
        assert await statuses(world) == {"CPU": "resolved"}
        world.now = at(65)
        await worker.turn()
        (ticket,) = await world.all_tickets()
        assert (ticket["status"], ticket["closed_at"]) == ("closed", at(65))


async def test_a_close_is_in_the_history_by_the_system_and_moves_the_version(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing())
        world.now = at(1)
        await world.send(resolved(ended=1))
        (before,) = await world.all_tickets()
        world.now = at(61)
        await closing(world).turn()
        (after,) = await world.all_tickets()
        (entry,) = await world.rows("SELECT * FROM history WHERE new = 'closed'")
        assert (entry["actor"], entry["old"], entry["at"]) == ("system", "resolved", at(61))
        assert entry["comment"] == "resolved long enough"
        assert (entry["sequence"], entry["hash"]) == (3, after["history_head"])
        assert after["version"] == before["version"] + 1


async def test_only_resolved_tickets_are_closed(database: str) -> None:
    async with World(database) as world:
        await world.send(firing("Open"), firing("Working"), firing("Pending"), firing("Cancelled"))
        tickets = {one["title"]: one["id"] for one in await world.all_tickets()}
        await step(world, tickets["Working"], TicketStatus.IN_PROGRESS, minutes=1)
        path = TicketStatus.IN_PROGRESS, TicketStatus.PENDING
        await step(world, tickets["Pending"], *path, minutes=1)
        await step(world, tickets["Cancelled"], TicketStatus.CANCELLED, minutes=1)
        before = await world.all_tickets()
        world.now = at(10_000)
        assert not await closing(world).turn()
        assert await world.all_tickets() == before


async def test_the_time_begins_anew_with_each_resolution(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        world.now = at(1)
        await world.send(resolved(ended=1))
        world.now = at(20)
        await world.send(firing(began=20))
        world.now = at(30)
        await world.send(resolved(began=20, ended=30))
        world.now = at(89.9)
        await closing(world).turn()
        assert await statuses(world) == {"CPU": "resolved"}


async def test_a_ticket_that_was_resolved_anew_at_the_last_moment_is_left(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        await world.send(firing())
        world.now = at(1)
        await world.send(resolved(ended=1))
        world.now = at(61)
        async with owner.transaction():
            await owner.execute(
                "UPDATE tickets SET resolved_at = $1, close_at = $2", at(60), at(120)
            )
            turn = asyncio.ensure_future(closing(world).turn())
            await a_lock_is_waited_for(owner)
        await turn
        assert await statuses(world) == {"CPU": "resolved"}


async def test_tickets_are_closed_in_bounded_steps_and_none_is_forgotten(database: str) -> None:
    async with World(database) as world:
        count = 2 * MOST + 1
        await world.send(*many(count))
        world.now = at(1)
        await world.send(*(resolved(f"A{number:04}", ended=1) for number in range(count)))
        world.now = at(62)
        worker = closing(world)
        assert await worker.turn(), "there is more"
        assert list((await statuses(world)).values()).count("closed") == MOST
        await all_turns(worker.turn)
        assert list((await statuses(world)).values()).count("closed") == count


async def test_two_workers_at_once_close_a_ticket_once(database: str) -> None:
    async with World(database) as world, World(database) as other:
        await world.send(*many(20))
        world.now = at(1)
        await world.send(*(resolved(f"A{number:04}", ended=1) for number in range(20)))
        world.now = other.now = at(62)
        await asyncio.gather(closing(world).turn(), closing(other).turn())
        closed = [move for move in await moves(world) if move[1] == "closed"]
        assert closed == [("system", "closed")] * 20


async def test_what_a_release_before_has_resolved_is_closed_by_when_it_was_resolved(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing("Old"), firing("New"))
        world.now = at(1)
        await world.send(resolved("Old", ended=1), resolved("New", ended=1))
        await world.rows("UPDATE tickets SET close_at = NULL, workflow = 'default'")
        world.now = at(60.9)
        assert not await closing(world).turn()
        assert set((await statuses(world)).values()) == {"resolved"}
        world.now = at(61.1)
        await closing(world).turn()
        assert set((await statuses(world)).values()) == {"closed"}


async def test_a_ticket_that_never_closes_is_not_found_again_and_again(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        world.now = at(1)
        await world.send(resolved(ended=1))
        await world.rows("UPDATE tickets SET close_at = NULL, workflow = 'major_incident'")
        assert await world.closing.due(at(10_000), at(9_000)) == []
        world.now = at(10_000)
        await closing(world).turn()
        assert await statuses(world) == {"CPU": "resolved"}


async def test_never_closes_nothing_and_what_has_a_time_of_its_own_all_the_same(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing("Of before"), firing("Timed"))
        world.now = at(5)
        await world.send(resolved("Of before", ended=5), resolved("Timed", ended=5))
        await world.rows("UPDATE tickets SET close_at = NULL WHERE title = 'Of before'")
        worker = Closing(world.closing, lambda: world.now, None)
        world.now = at(60 * 24 * 365)
        await worker.turn()
        assert await statuses(world) == {"Of before": "resolved", "Timed": "closed"}
