"""When silences come and go, alerts and tickets show it at once, whatever is still on its way."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.workers.journals import ON_ITS_WAY
from gateway.workers.silences import SilenceClock
from tests.storage.postgres.test_tickets_over_time import silence
from tests.world import World, at, firing

SLACK = (ON_ITS_WAY + timedelta(seconds=1)) / timedelta(minutes=1)


class Installation(World):
    """A world with the worker under test."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.silence_clock = SilenceClock(
            self.verdicts, self.journals, self.silences.current, lambda: self.now
        )

    async def turn(self, minute: float) -> None:
        self.now = at(minute)
        await self.silence_clock.turn()

    async def drained(self, minute: float) -> None:
        """Everything received by then is applied."""
        await self.ledger.heartbeat(self.journal, at(minute))

    async def ticket(self) -> dict[str, Any]:
        [one] = await self.all_tickets()
        return one


@pytest.fixture
async def world(database: str) -> AsyncIterator[Installation]:
    async with Installation(database) as one:
        yield one


async def test_a_silence_that_is_made_marks_what_fires_and_lets_it_go_when_it_ends(
    world: Installation,
) -> None:
    await world.send(firing("CPU"))
    await world.send(firing("CPU", instance="b"))
    await world.turn(1)
    await world.people.silence(1, silence('{alertname="CPU", instance="b"}', 10))
    await world.turn(2)
    shown = [(one["status"], one["silenced"]) for one in await world.all_tickets()]
    assert shown == [("open", 0), ("open", 1)]
    await world.turn(9.9)
    assert [one["silenced"] for one in await world.all_tickets()] == [0, 1]
    await world.turn(10)
    shown = [(one["status"], one["silenced"]) for one in await world.all_tickets()]
    assert shown == [("open", 0), ("open", 0)]
    history = await world.rows("SELECT new FROM history WHERE kind = 'ticket'")
    assert [one["new"] for one in history] == ["open", "open"]


async def test_a_silence_that_waits_for_its_time_marks_what_fires_when_it_comes(
    world: Installation,
) -> None:
    await world.send(firing())
    await world.people.silence(1, silence('{alertname="CPU"}', 60, since=5))
    await world.turn(4.9)
    assert (await world.ticket())["silenced"] == 0
    await world.turn(5)
    assert (await world.ticket())["silenced"] == 1


async def test_more_than_fit_into_one_transaction_are_marked(world: Installation) -> None:
    count = world.verdicts.most + 5
    await world.send(*(firing(instance=str(number)) for number in range(count)))
    await world.people.silence(1, silence('{alertname="CPU"}', 60))
    await world.turn(1)
    assert [one["silenced"] for one in await world.all_tickets()] == [1] * count


async def test_a_sighting_from_before_a_silence_that_is_applied_later_is_marked_too(
    world: Installation,
) -> None:
    await world.drained(0)
    await world.people.silence(1, silence('{alertname="CPU"}', 60, since=5))
    world.now = at(4.9)
    under_way = world.record([firing()])
    await world.turn(5)
    assert await world.apply(under_way) == {"opened": 1}
    await world.turn(5.1)
    assert (await world.ticket())["silenced"] == 0, "who knows what else is under way"
    await world.drained(5.1)
    await world.turn(5.2)
    assert (await world.ticket())["silenced"] == 1


async def test_so_is_one_whose_journal_took_its_time(world: Installation) -> None:
    await world.people.silence(1, silence('{alertname="CPU"}', 60, since=5))
    world.now = at(4.99)
    under_way = world.record([firing()])
    await world.turn(5)
    await world.drained(5.01)
    await world.turn(5.01)
    await world.apply(under_way)
    await world.drained(5 + SLACK)
    await world.turn(5 + SLACK)
    assert (await world.ticket())["silenced"] == 1


async def test_a_sighting_from_before_the_end_that_is_applied_later_has_its_ticket_all_the_same(
    world: Installation,
) -> None:
    await world.people.silence(1, silence('{alertname="CPU"}', 5))
    await world.drained(4.9)
    world.now = at(4.95)
    under_way = world.record([firing()])
    await world.turn(5)
    assert await world.apply(under_way) == {"silenced": 1}
    await world.drained(5.1)
    await world.turn(5.2)
    assert (await world.ticket())["status"] == "open"


async def test_an_end_is_settled_when_nothing_from_before_it_can_be_under_way(
    world: Installation,
) -> None:
    await world.people.silence(1, silence('{alertname="CPU"}', 5))
    for drained, left in ((4.9, 1), (5.01, 1), (5 + SLACK, 0)):
        await world.drained(drained)
        await world.turn(max(drained, 5))
        assert len(await world.verdicts.ended(1, at(6))) == left
