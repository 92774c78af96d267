"""Retention: only what is long over is taken out, a piece at a time, and never what people did."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest

from gateway.errors import Unavailable
from gateway.intake.ledger import DeadLetter
from gateway.storage.postgres.kernel.connect import WORKERS, create_engine
from gateway.storage.postgres.ledger.letters import save_dead_letters
from gateway.upkeep.retention import RetentionOptions
from gateway.workers.retention import Retention
from tests.outbox.messages import message, write
from tests.workers.worlds import MOST, all_turns, end_who_waits_for_a_lock, silence
from tests.world import START, World, at, firing, resolved

OPTIONS = RetentionOptions(alerts=timedelta(days=90), dead_letters=timedelta(days=30))
DAY = 24 * 60
"""Minutes."""


def retention(world: World) -> Retention:
    return Retention(world.retention, lambda: world.now, OPTIONS)


async def names(world: World) -> set[str]:
    found = await world.rows("SELECT labels->>'alertname' AS name FROM alerts")
    return {one["name"] for one in found}


async def count(world: World, table: str) -> int:
    return int((await world.rows(f"SELECT count(*) AS n FROM {table}"))[0]["n"])


async def silenced_episode(world: World, *alerts: str, ended: float) -> None:
    """Alerts that fired, had no ticket because of a silence, and have ended."""
    await world.people.silence(1, silence('{alertname=~".+"}', 2))
    world.now = at(1)
    await world.send(*(firing(name) for name in alerts))
    world.now = at(ended)
    await world.send(*(resolved(name, ended=ended) for name in alerts))


async def dead_letters(owner: asyncpg.Connection, number: int, seen: datetime) -> None:
    letters = [
        DeadLetter(1, "custom", "malformed", "", str((seen, one)).encode(), "b", seen)
        for one in range(number)
    ]
    await save_dead_letters(owner, 1, letters)


async def test_an_alert_goes_with_all_its_rows_when_it_has_been_over_for_long_enough(
    database: str,
) -> None:
    async with World(database) as world:
        await silenced_episode(world, "CPU", ended=10)
        world.now = at(10 + 90 * DAY - 0.1)
        await retention(world).turn()
        assert await names(world) == {"CPU"}
        world.now = at(10 + 90 * DAY + 0.1)
        await retention(world).turn()
        for table in ("alerts", "strands", "reports", "episodes", "windows"):
            assert await count(world, table) == 0, table


async def test_what_lives_or_has_a_ticket_is_never_taken_out(database: str) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname=~"Silenced"}', 10_000_000))
        await world.send(firing(), firing("Silenced"), firing("Leased", lease=4), firing("Over"))
        world.now = at(5)
        await world.leases.end(1, at(5), START - timedelta(days=1))
        await world.send(resolved("Over", ended=5))
        world.now = at(1000 * DAY)
        assert not await retention(world).turn()
        assert await names(world) == {"CPU", "Silenced", "Leased", "Over"}
        assert await count(world, "strands") == await count(world, "reports") == 4


async def test_an_end_that_is_still_spoken_of_is_not_taken_out(database: str) -> None:
    async with World(database) as world:
        await world.send(resolved("Orphan", ended=-1), resolved("Unheard", ended=-1))
        world.now = at(50 * DAY)
        await world.send(resolved("Orphan", ended=-1))
        world.now = at(100 * DAY)
        await retention(world).turn()
        assert await names(world) == {"Orphan"}


async def test_history_tickets_and_silences_stay_for_ever(database: str) -> None:
    async with World(database) as world:
        await silenced_episode(world, "CPU", ended=10)
        await world.send(firing("Disk", began=10))
        kept = "history", "tickets", "silences", "ticket_alerts"
        before = [await count(world, table) for table in kept]
        assert all(before)
        world.now = at(10_000 * DAY)
        await all_turns(retention(world).turn)
        assert [await count(world, table) for table in kept] == before
        assert await names(world) == {"Disk"}


async def test_dead_letters_go_when_none_of_their_kind_has_come_for_long_enough(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        await dead_letters(owner, 1, at(0))
        await dead_letters(owner, 1, at(DAY))
        world.now = at(30 * DAY + 0.1)
        await retention(world).turn()
        (left,) = await world.rows("SELECT last_seen FROM dead_letters")
        assert left["last_seen"] == at(DAY)


async def test_messages_go_that_are_over_and_never_those_that_wait(database: str) -> None:
    engine = create_engine(database, purpose=WORKERS, pool_size=1)
    async with World(database) as world:
        old = [message(subject, at=START) for subject in ("delivered", "failed", "pending")]
        await write(engine, *old, message("recent", at=at(DAY)))
        await engine.dispose()
        await world.rows("UPDATE outbox SET state = subject WHERE subject <> 'recent'")
        await world.rows("UPDATE outbox SET state = 'delivered' WHERE subject = 'recent'")
        world.now = at(30 * DAY + 0.1)
        await retention(world).turn()
        left = {one["subject"] for one in await world.rows("SELECT subject FROM outbox")}
        assert left == {"pending", "recent"}


async def test_keys_of_requests_go_when_they_are_free_again(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        await owner.execute(_KEYS, 1, START)
        world.now = at(DAY)
        await retention(world).turn()
        assert await count(world, "idempotency") == 1
        world.now = at(DAY + 0.1)
        await retention(world).turn()
        assert await count(world, "idempotency") == 0


@pytest.mark.parametrize("table", ["alerts", "dead_letters", "outbox", "idempotency"])
async def test_each_kind_goes_in_bounded_steps_until_nothing_is_left(
    database: str, owner: asyncpg.Connection, table: str
) -> None:
    async with World(database) as world:
        many = 2 * MOST + 1
        if table == "alerts":
            await world.send(*(resolved(f"A{number}", ended=-1) for number in range(many)))
        elif table == "dead_letters":
            await dead_letters(owner, many, START)
        else:
            await owner.execute(_MESSAGES if table == "outbox" else _KEYS, many, START)
        worker, left = retention(world), many
        world.now = at(100 * DAY)
        for _ in range(2):
            assert await worker.turn(), "there is more"
            left -= MOST
            assert await count(world, table) == left
        assert not await worker.turn()
        assert await count(world, table) == 0


_KEYS = """
INSERT INTO idempotency (tenant_id, principal, key, command, request_hash, at)
SELECT 1, 'local:anna', n::text, 'OpenTicket', '', $2::timestamptz FROM generate_series(1, $1) AS n
"""
_MESSAGES = """
INSERT INTO outbox (tenant_id, id, sink, type, subject, payload, created_at, next_at, state)
SELECT 1, n::text, 'hook', 'ticket.created', n::text, '{}', $2::timestamptz, $2, 'delivered'
FROM generate_series(1, $1) AS n
"""


async def test_a_piece_that_is_broken_off_is_undone_and_the_next_turn_goes_on(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world:
        await silenced_episode(world, "CPU", "Disk", ended=10)
        await dead_letters(owner, 3, START)
        world.now = at(200 * DAY)
        worker = retention(world)
        async with owner.transaction():
            await owner.execute("SELECT FROM strands FOR UPDATE")
            turn = asyncio.ensure_future(worker.turn())
            await end_who_waits_for_a_lock(owner)
            with pytest.raises(Unavailable):
                await turn
        assert (await names(world), await count(world, "dead_letters")) == ({"CPU", "Disk"}, 3)
        await worker.turn()
        assert (await names(world), await count(world, "dead_letters")) == (set(), 0)


async def test_two_workers_at_once_take_out_everything_once(
    database: str, owner: asyncpg.Connection
) -> None:
    async with World(database) as world, World(database) as other:
        await world.send(*(resolved(f"A{number}", ended=-1) for number in range(MOST)))
        await dead_letters(owner, MOST, START)
        world.now = other.now = at(200 * DAY)
        await asyncio.gather(retention(world).turn(), retention(other).turn())
        await all_turns(retention(world).turn)
        for table in ("alerts", "strands", "reports", "windows", "dead_letters"):
            assert await count(world, table) == 0, table


async def test_an_alert_that_comes_back_after_its_removal_begins_anew(database: str) -> None:
    async with World(database) as world:
        await silenced_episode(world, "CPU", ended=10)
        world.now = at(200 * DAY)
        await retention(world).turn()
        assert await world.send(firing(began=200 * DAY)) == {"opened": 1}
        (alert,) = await world.rows("SELECT first_seen, episodes FROM alerts")
        assert alert == {"first_seen": at(200 * DAY), "episodes": 1}
