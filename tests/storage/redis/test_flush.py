"""What is held back and then falls silent: the flush brings it to the ledger, before leases end."""

from datetime import timedelta

from gateway.storage.redis.absorber import RedisAbsorber
from gateway.tickets.ticket import TicketStatus
from gateway.workers.flush import LONG_SILENT
from gateway.workers.journals import ON_ITS_WAY
from gateway.workers.leases import LeaseClock
from tests.world import START, World, at, firing

LONG_UP = START - timedelta(days=1)


async def flushed(world: World, minutes: float) -> None:
    world.now = at(minutes)
    while await world.flush.turn():
        pass


async def strand(world: World) -> dict[str, object]:
    (row,) = await world.rows("SELECT * FROM strands")
    return row


async def test_what_fell_silent_is_counted_after_two_flush_intervals_and_only_once(
    database: str, absorber: RedisAbsorber
) -> None:
    async with World(database, absorber=absorber) as world:
        for second in range(10):
            world.now = at(second / 60)
            await world.send(firing())
        assert (await strand(world))["occurrences"] == 1
        await flushed(world, 1.4)
        assert (await strand(world))["occurrences"] == 1
        for minutes in (2.1, 3, 4):
            await flushed(world, minutes)
            row = await strand(world)
            assert (row["occurrences"], row["last_seen"]) == (10, at(9 / 60))


async def test_a_lease_that_a_held_sighting_renewed_ends_when_that_says(
    database: str, absorber: RedisAbsorber
) -> None:
    async with World(database, absorber=absorber) as world:
        await world.send(firing(lease=5))
        world.now = at(0.5)
        await world.send(firing(lease=5.5))
        assert (await strand(world))["lease_until"] == at(5)

        clock = LeaseClock(
            world.leases, world.journals, lambda: world.now, lambda: LONG_UP,
            world.flush.before_leases_end,
        )  # fmt: skip

        async def leases_end(minutes: float) -> bool:
            world.now = at(minutes) + ON_ITS_WAY
            await world.ledger.heartbeat(world.journal, world.now)
            await clock.turn()
            return bool((await strand(world))["expired"])

        assert not await leases_end(5.2)
        assert await leases_end(5.6)


async def test_a_person_voids_what_is_held_back(database: str, absorber: RedisAbsorber) -> None:
    async with World(database, absorber=absorber) as world:
        await world.send(firing())
        world.now = at(0.1)
        await world.send(firing())
        assert world.applied[0].held == 1
        (ticket,) = await world.all_tickets()
        await world.people.step(1, ticket["id"], TicketStatus.RESOLVED, "anna", at(0.2), "", None)
        world.now = at(0.3)
        await world.send(firing())
        assert world.applied[0].held == 0
        assert await world.occurrences() == 3
        assert len(await world.all_tickets()) == 1


async def test_what_is_held_of_a_forgotten_strand_is_let_go(
    database: str, absorber: RedisAbsorber
) -> None:
    async with World(database, absorber=absorber) as world:
        await world.send(firing())
        world.now = at(0.1)
        await world.send(firing())
        await world.rows("DELETE FROM strands")
        await world.rows("DELETE FROM reports")
        await flushed(world, 10)
        await flushed(world, 12)
        assert await absorber.due(1, at(20)) == ({}, False)


async def test_who_was_not_heard_of_for_long_is_looked_at_only_when_a_process_starts(
    database: str, absorber: RedisAbsorber
) -> None:
    async with World(database, absorber=absorber) as world:
        await flushed(world, 0)
        await world.send(firing())
        world.now = at(0.1)
        await world.send(firing())
        later = (LONG_SILENT + timedelta(minutes=1)) / timedelta(minutes=1)
        await flushed(world, later)
        assert await world.occurrences() == 1
    async with World(database, absorber=absorber, journal="next") as started:
        await flushed(started, later)
        assert await started.occurrences() == 2
