"""The outbox in PostgreSQL: who gets which message when, and what survives whom."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.errors import Unavailable
from gateway.outbox.message import Message
from gateway.outbox.outbox import Claimed, Outbox
from gateway.storage.postgres.duties.outbox import PostgresPending
from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.connect import WORKERS, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.nouns.outbox import MAX_ERROR_CHARACTERS, SQL, PostgresOutbox
from tests.outbox.messages import LEASE, NOW, message, row_of, states_of, write
from tests.programs import PATIENCE_SECONDS

SECOND = timedelta(seconds=1)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database, purpose=WORKERS, pool_size=8)
    yield engine
    await engine.dispose()


@pytest.fixture
def outbox(engine: AsyncEngine) -> Outbox:
    return PostgresOutbox(engine)


@pytest.fixture
def pending(engine: AsyncEngine) -> PostgresPending:
    return PostgresPending(Visits(Database(engine)))


async def claim(outbox: Outbox, limit: int = 10, after: timedelta = timedelta(0)) -> list[Claimed]:
    return list(await outbox.claim(1, "hook", limit, NOW + after, LEASE))


async def test_a_claimed_message_is_the_one_that_was_written(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    [written] = await write(engine, message("tk_1"))
    assert await claim(outbox) == [Claimed(written, attempts=1)]


async def test_what_is_claimed_is_nobody_elses_until_its_lease_runs_out(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    [written] = await write(engine, message("tk_1"))
    await claim(outbox)
    assert await claim(outbox, after=LEASE - SECOND) == []
    assert await claim(outbox, after=LEASE) == [Claimed(written, attempts=2)]


async def test_a_message_is_not_claimed_before_it_is_due(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    [written] = await write(engine, message("tk_1", at=NOW + SECOND))
    assert await claim(outbox) == []
    assert await claim(outbox, after=SECOND) == [Claimed(written, attempts=1)]


async def test_a_claim_takes_those_longest_due_up_to_its_limit(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    written = [message(f"tk_{n}", at=NOW - n * SECOND) for n in range(5)]
    await write(engine, *written)
    taken = await claim(outbox, limit=2)
    assert {each.message.id for each in taken} == {written[4].id, written[3].id}


async def test_a_later_message_waits_for_the_earlier_of_its_subject(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    first, second, other = await write(engine, message("tk_1"), message("tk_1"), message("tk_2"))
    taken = await claim(outbox)
    assert {each.message.id for each in taken} == {first.id, other.id}
    assert await claim(outbox) == []
    await outbox.delivered(next(each for each in taken if each.message == first), NOW)
    assert [each.message for each in await claim(outbox)] == [second]


async def test_the_order_is_that_of_writing_whatever_the_times_say(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    first, _second = await write(engine, message("tk_1"), message("tk_1", at=NOW - 60 * SECOND))
    assert [each.message for each in await claim(outbox)] == [first]


async def test_a_postponed_message_holds_its_followers_back(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    first, second = await write(engine, message("tk_1"), message("tk_1"))
    [claimed] = await claim(outbox)
    await outbox.postpone(claimed, NOW + 5 * SECOND, "answered 500")
    assert await claim(outbox, after=4 * SECOND) == []
    [again] = await claim(outbox, after=5 * SECOND)
    assert again == Claimed(first, attempts=2)
    assert (await row_of(engine, first))["last_error"] == "answered 500"
    await outbox.delivered(again, NOW)
    assert [each.message for each in await claim(outbox)] == [second]


async def test_a_message_that_is_given_up_lets_the_next_one_go(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    first, second = await write(engine, message("tk_1"), message("tk_1"))
    [claimed] = await claim(outbox)
    await outbox.give_up(claimed, "answered 410")
    assert [each.message for each in await claim(outbox)] == [second]
    row = await row_of(engine, first)
    assert (row["state"], row["last_error"]) == ("failed", "answered 410")


async def test_sinks_do_not_wait_for_each_other(engine: AsyncEngine, outbox: Outbox) -> None:
    await write(engine, message("tk_1", sink="slow"))
    [quick] = await write(engine, message("tk_1", sink="hook"))
    assert [each.message for each in await claim(outbox)] == [quick]


async def test_what_is_delivered_never_comes_back(engine: AsyncEngine, outbox: Outbox) -> None:
    [written] = await write(engine, message("tk_1"))
    [claimed] = await claim(outbox)
    await outbox.delivered(claimed, NOW + SECOND)
    assert await claim(outbox, after=timedelta(days=9)) == []
    row = await row_of(engine, written)
    assert (row["state"], row["delivered_at"]) == ("delivered", NOW + SECOND)


async def test_a_late_relay_cannot_undo_a_newer_claim(engine: AsyncEngine, outbox: Outbox) -> None:
    [written] = await write(engine, message("tk_1"))
    [late] = await claim(outbox)
    [newer] = await claim(outbox, after=LEASE)
    await outbox.postpone(late, NOW, "late")
    await outbox.give_up(late, "late")
    assert await states_of(engine, written) == ["pending"]
    assert await claim(outbox, after=LEASE + SECOND) == []
    await outbox.delivered(newer, NOW)
    assert await states_of(engine, written) == ["delivered"]


async def test_a_late_delivery_counts_and_nothing_takes_it_back(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    [written] = await write(engine, message("tk_1"))
    [late] = await claim(outbox)
    [newer] = await claim(outbox, after=LEASE)
    await outbox.delivered(late, NOW)
    await outbox.postpone(newer, NOW, "answered 500")
    await outbox.give_up(newer, "answered 400")
    await outbox.delivered(newer, NOW + SECOND)
    row = await row_of(engine, written)
    assert (row["state"], row["delivered_at"], row["last_error"]) == ("delivered", NOW, "")


async def test_a_message_given_up_late_but_delivered_after_all_is_delivered(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    [written] = await write(engine, message("tk_1"))
    [late] = await claim(outbox)
    [newer] = await claim(outbox, after=LEASE)
    await outbox.give_up(newer, "answered 404")
    await outbox.delivered(late, NOW)
    assert await states_of(engine, written) == ["delivered"]


async def test_of_many_at_once_each_message_goes_to_one_and_each_subject_in_order(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    written = [message(f"tk_{n % 7}") for n in range(60)]
    await write(engine, *written)
    taken: list[Message] = []

    async def relay() -> None:
        while len(taken) < len(written):
            for claimed in await outbox.claim(1, "hook", 3, NOW, LEASE):
                taken.append(claimed.message)
                await outbox.delivered(claimed, NOW)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(relay() for _ in range(8)))
    by_subject: dict[str, list[str]] = defaultdict(list)
    for each in taken:
        by_subject[each.subject].append(each.id)
    assert sorted(each.id for each in taken) == sorted(each.id for each in written)
    assert all(ids == sorted(ids) for ids in by_subject.values())


async def test_no_claim_sees_another_tenants_messages(
    engine: AsyncEngine, outbox: Outbox, pending: PostgresPending, owner: asyncpg.Connection
) -> None:
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (2, 'other')")
    [written] = await write(engine, message("tk_1"))
    assert await outbox.claim(2, "hook", 10, NOW, LEASE) == []
    assert await pending.abandon(2, [], NOW + SECOND, "gone") == 0
    assert await states_of(engine, written) == ["pending"]


async def test_pending_counts_what_is_neither_delivered_nor_given_up(
    engine: AsyncEngine, outbox: Outbox, pending: PostgresPending
) -> None:
    await write(engine, *(message(f"tk_{n}") for n in range(4)))
    first, second = await claim(outbox, limit=2)
    await outbox.delivered(first, NOW)
    await outbox.give_up(second, "answered 400")
    assert await pending.pending(["hook"], NOW) == [(1, 2, False)]


async def test_old_messages_without_a_sink_are_abandoned_and_no_others(
    engine: AsyncEngine, pending: PostgresPending
) -> None:
    old, young = NOW - 2 * SECOND, NOW
    orphan = message("tk_1", sink="gone", at=old)
    written = [orphan, message("tk_2", sink="gone", at=young), message("tk_3", at=old)]
    await write(engine, *written)
    assert await pending.pending(["hook"], NOW - SECOND) == [(1, 3, True)]
    assert await pending.abandon(1, ["hook"], NOW - SECOND, "no sink") == 1
    assert await pending.pending(["hook"], NOW - SECOND) == [(1, 2, False)]
    assert await states_of(engine, *written) == ["failed", "pending", "pending"]
    assert (await row_of(engine, orphan))["last_error"] == "no sink"


async def test_an_error_text_of_any_length_is_kept_in_part(
    engine: AsyncEngine, outbox: Outbox
) -> None:
    [written] = await write(engine, message("tk_1"))
    [claimed] = await claim(outbox)
    await outbox.postpone(claimed, NOW, "x" * 100_000)
    assert (await row_of(engine, written))["last_error"] == "x" * MAX_ERROR_CHARACTERS


async def test_a_claim_from_a_long_queue_reads_little_of_it(
    engine: AsyncEngine, owner: asyncpg.Connection
) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql("SELECT set_config('app.tenant', '1', true)")
        await connection.exec_driver_sql(
            "INSERT INTO outbox (tenant_id, id, sink, type, subject, payload, created_at, next_at)"
            " SELECT 1, 'ev_' || n, 'hook', 't', 'tk_' || n % 10000, '{}', $1::timestamptz,"
            " $1::timestamptz + n * interval '1 ms' FROM generate_series(1, 20000) AS n",
            (NOW - LEASE,),
        )
    await owner.execute("ANALYZE outbox")
    async with engine.begin() as connection:
        await connection.exec_driver_sql("SELECT set_config('app.tenant', '1', true)")
        result = await connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, FORMAT TEXT) {SQL['claim']}", (1, "hook", 32, NOW, NOW + LEASE)
        )
        plan = "\n".join(str(line) for (line,) in result)
    assert "Seq Scan" not in plan, plan
    assert "Sort" not in plan, plan


async def test_while_postgres_is_away_every_call_says_so() -> None:
    engine = create_engine("postgresql:///gateway?host=/nonexistent&user=x", purpose=WORKERS)
    with pytest.raises(Unavailable):
        await PostgresOutbox(engine).claim(1, "hook", 1, NOW, LEASE)
    with pytest.raises(Unavailable):
        await PostgresOutbox(engine).due("hook", NOW)
    await engine.dispose()


async def test_a_row_that_somebody_holds_is_an_outage_and_not_a_bug(
    database: str, engine: AsyncEngine, outbox: Outbox
) -> None:
    impatient = replace(WORKERS, lock=timedelta(milliseconds=20))
    other = create_engine(database, purpose=impatient)
    await write(engine, message("tk_1"))
    [claimed] = await claim(outbox)
    async with engine.begin() as holder:
        await holder.exec_driver_sql("SELECT set_config('app.tenant', '1', true)")
        await holder.exec_driver_sql("SELECT FROM outbox FOR UPDATE")
        with pytest.raises(Unavailable):
            await PostgresOutbox(other).delivered(claimed, NOW)
    await PostgresOutbox(other).delivered(claimed, NOW)
    assert await states_of(engine, claimed.message) == ["delivered"]
    await other.dispose()
