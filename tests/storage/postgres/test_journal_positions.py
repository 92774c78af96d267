"""Where journals stand in the ledger: known before the first batch, forgotten after the last."""

import asyncio

import asyncpg

from tests.world import World, at, firing

SLOT, OTHER_SLOT = "a" * 16, "b" * 16
START = "INSERT INTO journal_progress VALUES ($1, 7, now(), now())"
STAND = "SELECT journal_id, applied FROM journal_progress ORDER BY journal_id"


async def test_all_that_was_received_is_applied_up_to_when_the_last_journal_was_empty(
    database: str,
) -> None:
    async with World(database, journal=SLOT) as world:
        assert await world.journals.drained_until(at(9)) == at(9), "there is no journal"
        await world.ledger.heartbeat(OTHER_SLOT, at(3))
        assert await world.journals.drained_until(at(9)) == at(3)
        assert await world.ledger.position(SLOT) == 0
        assert await world.journals.drained_until(at(9)) < at(0), "it has not said so yet"
        await world.ledger.heartbeat(SLOT, at(1))
        assert await world.journals.drained_until(at(9)) == at(1)
        await world.ledger.heartbeat(SLOT, at(10))
        await world.ledger.heartbeat(OTHER_SLOT, at(10))
        assert await world.journals.drained_until(at(9)) == at(9)


async def test_the_position_is_known_when_a_dead_process_has_come_to_its_end(
    database: str,
) -> None:
    dead = await asyncpg.connect(database)
    transaction = dead.transaction()
    await transaction.start()
    await dead.execute(START, SLOT)
    async with World(database) as world:
        asked = asyncio.ensure_future(world.pipeline.position(SLOT))
        while not await world.rows("SELECT FROM pg_locks WHERE NOT granted"):
            assert not asked.done()
        await transaction.commit()
        assert await asked == 7
    await dead.close()


async def test_predecessors_in_the_slot_are_forgotten_and_nobody_else(database: str) -> None:
    async with World(database) as world:
        for journal in (f"{SLOT}{'1' * 16}", f"{SLOT}{'2' * 16}", f"{OTHER_SLOT}{'1' * 16}"):
            await world.ledger.position(journal)
        await world.ledger.finish_predecessors(f"{SLOT}{'2' * 16}")
        left = [row["journal_id"] for row in await world.rows(STAND)]
        assert left == [f"{SLOT}{'2' * 16}", f"{OTHER_SLOT}{'1' * 16}"]


async def test_a_forgotten_journal_can_begin_again(database: str) -> None:
    async with World(database, journal=SLOT) as world:
        await world.send(firing())
        await world.ledger.finish(SLOT)
        await world.ledger.position(SLOT)
        assert await world.rows(STAND) == [{"journal_id": SLOT, "applied": 0}]
