"""Ends of silences: what they held and still fires has its ticket at once, and nothing is lost."""

import asyncio
from datetime import timedelta

import orjson

from gateway.workers.journals import ON_ITS_WAY
from gateway.workers.silences import SilenceClock
from tests.workers.worlds import MOST, largest_piece, many, moves, silence, statuses
from tests.world import START, World, at, firing, resolved


def silence_clock(world: World) -> SilenceClock:
    return SilenceClock(world.verdicts, world.journals, world.silences.current, lambda: world.now)


async def drained(world: World, minutes: float) -> None:
    """All that the world's journal received by then is applied, as far as anybody can tell."""
    await world.ledger.heartbeat(world.journal, at(minutes) + ON_ITS_WAY)


async def settled(world: World) -> int:
    found = await world.rows("SELECT count(*) AS n FROM silences WHERE settled_at IS NOT NULL")
    return int(found[0]["n"])


async def turn(world: World, clock: SilenceClock, minutes: float) -> None:
    world.now = at(minutes)
    assert not await clock.turn(), "a turn does all there is"


async def test_at_a_silences_end_what_it_held_and_still_fires_gets_its_ticket(
    database: str,
) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname=~"CPU|Disk"}', 10))
        await world.send(firing(), firing("Disk"))
        world.now = at(5)
        await world.send(resolved("Disk", ended=5))
        clock = silence_clock(world)
        await turn(world, clock, 9.9)
        assert await statuses(world) == {}
        await turn(world, clock, 10)
        assert await statuses(world) == {"CPU": "open"}


async def test_what_another_silence_holds_still_stays_silent(database: str) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname=~".+"}', 10))
        await world.people.silence(1, silence('{alertname="CPU"}', 20))
        await world.send(firing(), firing("Disk"))
        clock = silence_clock(world)
        await turn(world, clock, 10)
        assert await statuses(world) == {"Disk": "open"}
        await turn(world, clock, 20)
        assert await statuses(world) == {"CPU": "open", "Disk": "open"}


async def test_an_edit_hands_over_what_the_silence_holds_no_more(database: str) -> None:
    async with World(database) as world:
        hiding = silence('{alertname=~"CPU|Disk"}', 100)
        await world.people.silence(1, hiding)
        await world.send(firing(), firing("Disk"))
        clock = silence_clock(world)
        await turn(world, clock, 1)

        async with World(database) as elsewhere:
            narrow = '{alertname="Disk"}'
            await elsewhere.people.edit_silence(1, hiding.id, at(2), matchers=narrow)
        await turn(world, clock, 2)
        assert await statuses(world) == {"CPU": "open"}


async def test_an_end_hands_over_in_bounded_steps_and_forgets_none(database: str) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname=~"A.*"}', 10))
        count = 2 * MOST + 1
        await world.send(*many(count))
        await turn(world, silence_clock(world), 10)
        assert len(await world.all_tickets()) == count
        assert await largest_piece(world, "tickets") <= MOST


async def test_a_step_in_which_nothing_is_freed_does_not_end_the_search(database: str) -> None:
    async with World(database) as world:
        record, checked = world.record(many(2 * MOST + 1))
        last = max(checked.identities, key=lambda one: one.strand)
        name = orjson.loads(last.labels)["alertname"]
        await world.people.silence(1, silence(f'{{alertname!="{name}",alertname=~".+"}}', 100))
        await world.people.silence(1, silence(f'{{alertname="{name}"}}', 10))
        await world.apply((record, checked))
        await turn(world, silence_clock(world), 10)
        assert await statuses(world) == {name: "open"}


async def test_of_an_alerts_strands_those_stay_silenced_that_a_silence_holds(
    database: str,
) -> None:
    async with World(database, ignore=["replica"]) as world:
        await world.people.silence(1, silence('{replica="a"}', 10))
        await world.people.silence(1, silence('{replica="b"}', 100))
        await world.send(firing(replica="a"), firing(replica="b"))
        await turn(world, silence_clock(world), 10)
        assert await statuses(world) == {"CPU": "open"}
        (held,) = await world.rows("SELECT labels->>'replica' AS name FROM strands WHERE silenced")
        assert held["name"] == "b"


async def test_what_has_ended_under_the_silence_is_left_as_it_is(database: str) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname="CPU"}', 10))
        await world.send(firing())
        world.now = at(5)
        await world.send(resolved(ended=5))
        before = await world.rows("SELECT * FROM strands")
        await turn(world, silence_clock(world), 10)
        assert await world.rows("SELECT * FROM strands") == before


async def test_a_record_from_before_the_end_that_is_applied_after_it_is_handed_over_too(
    database: str,
) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname="CPU"}', 10))
        await drained(world, 9.9)
        world.now = at(9.95)
        late = world.record([firing(began=9)])
        clock = silence_clock(world)
        await turn(world, clock, 10.01)
        assert await settled(world) == 0, "the journal was last known empty before the end"
        assert await world.apply(late) == {"silenced": 1}
        await turn(world, clock, 10.02)
        assert await statuses(world) == {"CPU": "open"}
        await drained(world, 10.03)
        await turn(world, clock, 11)
        assert await settled(world) == 1


async def test_an_end_is_settled_once_every_journal_was_empty_after_it(database: str) -> None:
    async with World(database) as world, World(database, journal="other") as other:
        await world.people.silence(1, silence('{alertname="CPU"}', 10))
        await drained(world, 11)
        await drained(other, 9)
        clock = silence_clock(world)
        await turn(world, clock, 11)
        assert await settled(world) == 0
        await drained(other, 10)
        await turn(world, clock, 11)
        assert await settled(world) == 1


async def test_an_end_is_not_settled_while_a_record_may_be_on_its_way_into_a_journal(
    database: str,
) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname="CPU"}', 10))
        await world.ledger.heartbeat(world.journal, at(10) + ON_ITS_WAY - timedelta(microseconds=1))
        await turn(world, silence_clock(world), 11)
        assert await settled(world) == 0


async def test_silences_that_are_not_over_are_never_settled(database: str) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname="CPU"}', 10))
        await world.people.silence(1, silence('{alertname="CPU"}', 30, begins=20))
        await drained(world, 9)
        await turn(world, silence_clock(world), 9)
        assert await settled(world) == 0


async def test_no_end_is_forgotten_when_very_many_come_at_once(database: str) -> None:
    async with World(database) as world:
        for number in range(120):
            await world.people.silence(1, silence(f'{{alertname="A{number:04}"}}', 10))
        await world.send(*many(120))
        await drained(world, 11)
        clock = silence_clock(world)
        await turn(world, clock, 11)
        assert len(await world.all_tickets()) == 120
        await turn(world, clock, 11)
        assert await settled(world) == 120


async def test_two_workers_at_once_hand_over_once(database: str) -> None:
    async with World(database) as world, World(database) as other:
        await world.people.silence(1, silence('{alertname=~"A.*"}', 10))
        await world.send(*many(20))
        await drained(world, 10)
        world.now = other.now = at(11)
        await asyncio.gather(silence_clock(world).turn(), silence_clock(other).turn())
        assert await moves(world) == [("system", "open")] * 20
        assert await settled(world) == 1


async def test_a_worker_that_starts_hands_over_what_ended_while_there_was_none(
    database: str,
) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname="CPU"}', 10))
        await world.send(firing())
    async with World(database) as later:
        later.now = START
        await turn(later, silence_clock(later), 5000)
        assert await statuses(later) == {"CPU": "open"}
