"""The ledger's laws: exactly once, one live ticket, and no bad alert takes others along."""

import asyncio

import asyncpg
import pytest

from gateway.intake.batch.collect import add_record
from gateway.intake.delivery.source import Rejected
from gateway.intake.ledger import Batch, PositionMoved
from gateway.storage.postgres.kernel.connect import PIPELINE, connect
from gateway.tickets.ticket import TicketStatus
from tests.world import World, at, firing, resolved


async def test_parallel_first_arrivals_of_one_alert_make_one_ticket(database: str) -> None:
    worlds = [World(database, journal=f"journal-{number}") for number in range(20)]
    try:
        await asyncio.gather(*(world.send(firing()) for world in worlds))
        assert len(await worlds[0].all_tickets()) == 1
        assert await worlds[0].occurrences() == 20
        assert await worlds[0].letters() == 0
    finally:
        for world in worlds:
            await world.__aexit__()


async def test_a_replayed_batch_changes_nothing(database: str) -> None:
    async with World(database) as world:
        record = world.record([firing(), firing("Disk"), firing()])
        await world.apply(record)
        before = await world.rows("SELECT * FROM strands ORDER BY strand")
        again = await world.pipeline.apply_records("journal", 0, [record])
        assert again == record[0].seq
        assert await world.rows("SELECT * FROM strands ORDER BY strand") == before
        assert len(await world.all_tickets()) == 2


async def test_a_batch_that_does_not_begin_at_the_position_is_refused(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        record, checked = world.record([firing()])
        batch = Batch("journal", after=7)
        add_record(batch, record, checked, world.book)
        with pytest.raises(PositionMoved) as caught:
            await world.ledger.apply(batch)
        assert caught.value.position == 1


async def test_a_commit_whose_answer_is_lost_is_not_applied_twice(database: str) -> None:
    async with World(database) as world:
        lost = _LosesOneCommit(database)
        world.ledger.connect = lost.connect
        await world.send(firing())
        world.ledger.connect = lambda: connect(database, purpose=PIPELINE)
        await world.send(firing())
        assert lost.happened
        assert await world.occurrences() == 2
        assert len(await world.all_tickets()) == 1


class _LosesOneCommit:
    """Connections of which the first commits, and then is gone before the answer arrives."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.happened = False

    async def connect(self) -> asyncpg.Connection:
        connection = await connect(self._url, purpose=PIPELINE)
        transaction = connection.transaction

        def losing() -> object:
            inner, outer = transaction(), self

            class Losing:
                async def __aenter__(self) -> None:
                    await inner.start()

                async def __aexit__(self, kind: object, *_: object) -> None:
                    if kind is not None:
                        await inner.rollback()
                        return
                    await inner.commit()
                    if not outer.happened:
                        outer.happened = True
                        connection.terminate()
                        raise asyncpg.ConnectionDoesNotExistError("connection was lost")

            return Losing()

        return _Wrapped(connection, losing)


class _Wrapped:
    """A connection with another `transaction`."""

    def __init__(self, connection: asyncpg.Connection, transaction: object) -> None:
        self._connection = connection
        self.transaction = transaction

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


async def test_counts_are_exact_through_repeats_news_and_resolves(database: str) -> None:
    async with World(database) as world:
        sent = 0
        for minute in range(6):
            world.now = at(minute)
            sightings = [firing(instance=str(n)) for n in range(5)]
            sightings += [firing(instance="0"), firing(instance="0")]
            if minute == 4:
                sightings.append(resolved(instance="0", ended=4))
            sent += len(sightings)
            await world.send(*sightings)
        assert await world.occurrences() == sent


async def test_several_sources_and_replicas_count_towards_one_alert(database: str) -> None:
    async with World(database, ignore=["replica"]) as world:
        await world.send(firing(replica="a"), firing(replica="b"), source="prometheus")
        await world.send(firing(replica="a"), source="alertmanager")
        await world.send(firing(replica="a"), firing(replica="b"), source="prometheus")
        assert len(await world.rows("SELECT * FROM alerts")) == 1
        assert len(await world.rows("SELECT * FROM strands")) == 2
        assert len(await world.rows("SELECT * FROM reports")) == 3
        assert await world.occurrences() == 5
        assert len(await world.all_tickets()) == 1


async def test_what_the_database_refuses_is_a_dead_letter_and_the_others_go_on(
    database: str,
) -> None:
    async with World(database) as world:
        record, checked = world.record([firing(instance=str(n)) for n in range(9)])
        checked.identities[4].labels = b'{"broken": '
        await world.apply((record, checked))
        assert await world.occurrences() == 8
        letters = await world.rows("SELECT reason, count, raw FROM dead_letters")
        assert [(one["reason"], one["count"]) for one in letters] == [("storage", 1)]
        assert b"broken" in letters[0]["raw"]


async def test_every_dead_letter_of_a_batch_is_counted_by_its_reason(database: str) -> None:
    async with World(database) as world:
        broken = [Rejected(n, "no labels", "labels", b"%d" % n) for n in range(3)]
        late = [Rejected(3, "no time", "time", b"3")]
        record, checked = world.record([firing()])
        checked.rejected = broken + late
        await world.apply((record, checked))
        assert world.applied[-1].dead == {"labels": 3, "time": 1}


async def test_a_mistake_in_a_rule_sets_aside_one_sighting_only(database: str) -> None:
    async with World(database) as world:
        record, checked = world.record([firing(instance=str(n)) for n in range(5)])
        checked.identities[2].alert_labels = b"[]"  # a label set that no rule can name
        await world.apply((record, checked))
        assert await world.occurrences() == 4
        assert await world.letters() == 1


async def test_a_batch_of_nothing_but_impossible_sightings_is_applied(database: str) -> None:
    async with World(database) as world:
        record, checked = world.record([firing(instance=str(n)) for n in range(3)])
        for identity in checked.identities:
            identity.labels = b"{"
        await world.apply((record, checked))
        assert await world.occurrences() == 0
        assert await world.letters() == 3
        assert await world.send(firing()) == {"opened": 1}


async def test_a_repeat_after_a_persons_step_is_news_again(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        assert await world.send(firing()) == {"merged": 1}
        ticket = (await world.all_tickets())[0]
        await world.people.step(1, ticket["id"], TicketStatus.RESOLVED, "anna", at(1), "", None)
        world.now = at(2)
        assert await world.send(firing()) == {"quieted": 1}
        assert await world.send(firing()) == {"quieted": 1}
        assert await world.occurrences() == 4


async def test_two_processes_on_the_same_alerts_count_exactly(database: str) -> None:
    async with World(database, journal="a") as one, World(database, journal="b") as other:
        alerts = [firing(instance=str(n)) for n in range(40)]

        async def repeat(world: World) -> None:
            for _ in range(10):
                await world.send(*alerts)

        await asyncio.gather(repeat(one), repeat(other))
        assert await one.occurrences() == 2 * 10 * 40
        assert len(await one.all_tickets()) == 40
        assert await one.letters() == 0


async def test_any_state_survives_the_process(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
    async with World(database, journal="later") as world:
        world.now = at(1)
        assert await world.send(firing()) == {"merged": 1}
        world.now = at(2)
        assert await world.send(resolved(ended=2)) == {"resolved": 1}


async def test_what_is_heard_late_may_have_come_first(database: str) -> None:
    """As from the journal of a process that was down meanwhile."""
    async with World(database, journal="prompt") as world:
        world.now = at(5)
        await world.send(firing(began=4))
    async with World(database, journal="late") as world:
        world.now = at(2)
        await world.send(firing(began=1))
        (alert,) = await world.rows("SELECT first_seen, starts_at FROM alerts")
        assert (alert["first_seen"], alert["starts_at"]) == (at(2), at(1))
        assert await world.rows("SELECT starts_at, ends_at FROM episodes") == [
            {"starts_at": at(1), "ends_at": None}
        ]


async def test_a_repeat_of_what_ended_elsewhere_is_no_repeat_though_its_alert_is_news(
    database: str,
) -> None:
    async with World(database, ignore=["replica"]) as world:
        pair = [firing(replica="a", lease=4), firing(replica="b", lease=60)]
        await world.send(*pair)
        await world.send(*pair)
        await world.leases.end(1, at(5), at(0))
        world.now = at(6)
        await world.send(firing(replica="a", lease=10), resolved(replica="b", ended=6))
        strands = await world.rows(
            "SELECT firing, expired FROM strands ORDER BY labels->>'replica'"
        )
        assert strands == [
            {"firing": True, "expired": False},
            {"firing": False, "expired": False},
        ]
        assert [one["status"] for one in await world.all_tickets()] == ["open"]
