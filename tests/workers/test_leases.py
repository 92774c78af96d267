"""Leases: what is not repeated in time is presumed over, unless we or its source were away."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest

from gateway.errors import Unavailable
from gateway.workers.journals import ON_ITS_WAY
from gateway.workers.leases import LeaseClock
from tests.workers.worlds import (
    MOST,
    a_lock_is_waited_for,
    all_turns,
    end_who_waits_for_a_lock,
    gone,
    many,
    moves,
    statuses,
)
from tests.world import START, World, at, firing

LONG_UP = START - timedelta(days=1)


def lease_clock(world: World, up_since: datetime = LONG_UP) -> LeaseClock:
    return LeaseClock(
        world.leases,
        world.journals,
        lambda: world.now,
        lambda: up_since,
        world.flush.before_leases_end,
    )


async def drained(world: World, minutes: float) -> None:
    """All that the world's journal received by then is applied, as far as anybody can tell."""
    world.now = at(minutes) + ON_ITS_WAY
    await world.ledger.heartbeat(world.journal, world.now)


async def expired(world: World) -> set[str]:
    found = await world.rows(
        "SELECT labels->>'alertname' AS n FROM alerts WHERE status = 'expired'"
    )
    return {one["n"] for one in found}


async def test_a_lease_ends_when_it_has_run_out_and_not_before(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4), firing("Disk", lease=9), firing("Endless"))
        clock = lease_clock(world)
        await drained(world, 3.9)
        await clock.turn()
        assert await expired(world) == set()
        await drained(world, 4)
        await clock.turn()
        assert await expired(world) == {"CPU"}


async def test_a_repeat_renews_the_lease(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        world.now = at(3)
        await world.send(firing(lease=7))
        clock = lease_clock(world)
        await drained(world, 6.9)
        await clock.turn()
        assert await expired(world) == set()
        await drained(world, 7)
        await clock.turn()
        assert await expired(world) == {"CPU"}


async def test_no_lease_ends_while_any_journal_is_undrained(database: str) -> None:
    async with World(database) as world, World(database, journal="other") as other:
        await world.send(firing(lease=4))
        await drained(other, 3.9)
        await drained(world, 5)
        clock = lease_clock(world)
        await clock.turn()
        assert await expired(world) == set(), "the repeat may lie in the other journal"
        await drained(other, 5)
        await clock.turn()
        assert await expired(world) == {"CPU"}


async def test_no_lease_ends_while_its_repeat_may_be_on_its_way_through_a_journal(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        await drained(world, 3.9)
        repeat = world.record([firing(lease=8)])
        clock = lease_clock(world)
        world.now = at(4.05)
        await clock.turn()
        assert await expired(world) == set(), "the journal was last known empty before the end"
        await world.apply(repeat)
        await drained(world, 7.9)
        await clock.turn()
        assert await expired(world) == set()


async def test_no_lease_ends_while_its_repeat_may_be_on_its_way_into_a_journal(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        clock = lease_clock(world)
        world.now = at(4) + ON_ITS_WAY - timedelta(microseconds=1)
        await world.ledger.heartbeat(world.journal, world.now)
        await clock.turn()
        assert await expired(world) == set()


async def test_a_journal_not_heard_of_for_a_day_holds_no_lease(database: str) -> None:
    async with World(database) as world, World(database, journal="lost") as lost:
        await world.send(firing(lease=4))
        await drained(lost, 0)
        await drained(world, 5)
        await world.rows(
            "UPDATE journal_progress SET updated_at = now() - interval '25 hours'"
            " WHERE journal_id = 'lost'"
        )
        await lease_clock(world).turn()
        assert await expired(world) == {"CPU"}


async def test_no_lease_ends_within_one_lease_of_start_up(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4), firing("Long", lease=30))
        clock = lease_clock(world, up_since=at(98))
        await drained(world, 101.9)
        await clock.turn()
        assert await expired(world) == set()
        await drained(world, 102)
        await clock.turn()
        assert await expired(world) == {"CPU"}
        await drained(world, 128)
        await clock.turn()
        assert await expired(world) == {"CPU", "Long"}


async def test_leases_that_wait_for_the_start_up_keep_nobody_busy_and_no_other_lease(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(*many(MOST + 1, lease=60))
        world.now = at(69)
        await world.send(firing("Short", began=69, lease=70))
        clock = lease_clock(world, up_since=at(68))
        await drained(world, 71)
        assert await all_turns(clock.turn) <= 3
        assert await expired(world) == {"Short"}
        await drained(world, 129)
        await all_turns(clock.turn)
        assert len(await expired(world)) == MOST + 2


async def test_renewed_leases_keep_nobody_busy_and_no_other_lease(database: str) -> None:
    async with World(database) as world:
        await world.send(*many(MOST + 1, lease=4), firing("Short", lease=5))
        world.now = at(3)
        await world.send(*many(MOST + 1, lease=60))
        clock = lease_clock(world)
        await drained(world, 6)
        assert await all_turns(clock.turn) <= 3
        assert await expired(world) == {"Short"}


async def test_no_lease_ends_within_one_lease_of_an_outage(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        clock = lease_clock(world)
        await clock.turn()
        async with gone(database):
            world.now = at(20)
            with pytest.raises(Unavailable):
                await clock.turn()
        world.now = at(20)
        for minutes in (20, 23.9):
            await clock.turn()
            await drained(world, minutes)
            assert await expired(world) == set(), "nobody could have repeated it"
        await clock.turn()
        assert await expired(world) == set()
        await drained(world, 24)
        await clock.turn()
        assert await expired(world) == {"CPU"}


async def test_an_outage_that_is_met_at_the_first_look_is_an_outage(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        clock = lease_clock(world)
        await drained(world, 20)
        async with owner.transaction():
            await owner.execute("LOCK TABLE journal_progress")
            looking = asyncio.ensure_future(clock.turn())
            await end_who_waits_for_a_lock(owner)
            with pytest.raises(Unavailable):
                await looking
        await clock.turn()
        await clock.turn()
        assert await expired(world) == set()


async def test_its_ticket_resolves_if_the_source_delivered_since(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        world.now = at(5)
        await world.send(firing("Disk", began=5))
        await drained(world, 6.6)
        await lease_clock(world).turn()
        assert await statuses(world) == {"CPU": "resolved", "Disk": "open"}
        assert ("system", "resolved") in await moves(world)


async def test_its_ticket_stays_while_only_other_sources_deliver(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        world.now = at(5)
        await world.send(firing("Disk", began=5), source="grafana")
        await drained(world, 20)
        clock = lease_clock(world)
        await clock.turn()
        (cpu, _) = await world.all_tickets()
        assert (cpu["status"], cpu["unconfirmed"], cpu["firing"]) == ("open", 1, 0)


async def test_a_source_that_comes_back_has_a_lease_to_repeat_what_fires(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=1))
        clock = lease_clock(world)
        await drained(world, 2)
        await clock.turn()
        world.now = at(20)
        await world.send(firing("Disk", began=20))
        await drained(world, 20.9)
        await clock.turn()
        assert (await statuses(world))["CPU"] == "open"
        await drained(world, 21)
        await clock.turn()
        assert (await statuses(world))["CPU"] == "resolved"
        assert (await world.all_tickets())[0]["unconfirmed"] == 0


async def test_no_unconfirmed_alert_is_forgotten_when_there_are_more_than_one_steps_worth(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(*many(2 * MOST + 1, lease=1))
        clock = lease_clock(world)
        await drained(world, 3)
        await all_turns(clock.turn)
        assert set((await statuses(world)).values()) == {"open"}
        world.now = at(20)
        await world.send(firing("Disk", began=20))
        await drained(world, 21)
        await clock.turn()
        by_status = list((await statuses(world)).values())
        assert by_status.count("resolved") == 2 * MOST + 1


async def test_leases_end_in_bounded_steps_and_none_is_forgotten(database: str) -> None:
    async with World(database) as world:
        await world.send(*many(MOST + 1, lease=4))
        clock = lease_clock(world)
        await drained(world, 5)
        assert await clock.turn(), "there is more"
        assert len(await expired(world)) == MOST
        assert not await clock.turn()
        assert len(await expired(world)) == MOST + 1


async def test_what_its_source_resolves_at_the_last_moment_does_not_expire(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        await drained(world, 5)
        async with owner.transaction():
            await owner.execute("UPDATE strands SET firing = false, lease_check_at = NULL")
            turn = asyncio.ensure_future(lease_clock(world).turn())
            await a_lock_is_waited_for(owner)
        await turn
        assert not (await world.rows("SELECT expired FROM strands"))[0]["expired"]


async def test_two_workers_at_once_end_a_lease_once(database: str) -> None:
    async with World(database) as world, World(database, journal="other") as other:
        await world.send(*many(20, lease=4))
        world.now = at(5)
        await world.send(firing("Disk", began=5))
        await drained(other, 7)
        await drained(world, 7)
        await asyncio.gather(lease_clock(world).turn(), lease_clock(other).turn())
        by_system = [new for actor, new in await moves(world) if actor == "system"]
        assert sorted(by_system) == ["open"] * 21 + ["resolved"] * 20
