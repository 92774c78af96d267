"""A dead letter is taken in again at most once, whatever is repeated and whoever dies meanwhile."""

import asyncio

import orjson
import pytest

from gateway.alerts.sighting import Sighting
from gateway.intake.delivery.letters import LetterFilter, LetterView, read_letter
from gateway.intake.delivery.sighting_letter import keep_sighting, read_kept
from gateway.intake.journal import Record
from gateway.intake.queue import CheckedRecord
from gateway.storage.postgres.queries.letters import LetterQueries
from tests.world import START, World, at, firing, resolved

BODY = orjson.dumps({"labels": {"alertname": "Lost"}})
KEY = ("custom", bytes(16))


async def a_letter(world: World, raw: bytes = BODY, source: str = "custom") -> LetterView:
    """Of a batch long ago."""
    await world.rows(
        "INSERT INTO dead_letters (tenant_id, source, digest, reason, error, raw, count, batch,"
        " first_seen, last_seen) VALUES (1, $1, $2, 'failed', 'a bug', $3, 3, 'old-1', $4, $4)",
        source, KEY[1], raw, START,
    )  # fmt: skip
    (letter,) = await waiting(world)
    return letter


async def waiting(world: World) -> list[LetterView]:
    return await LetterQueries(world.database).page(1, LetterFilter(), None, 10, 100)


def again(world: World, letter: LetterView) -> CheckedRecord:
    """What the journal holds once the letter was asked for."""
    world.sequence += 1
    record = Record(world.sequence, world.now, 1, letter.source, letter.raw, letter.digest)
    return record, world.pipeline.check(record)


async def test_a_letter_that_is_read_well_now_is_an_alert_and_waits_no_longer(
    database: str,
) -> None:
    async with World(database) as world:
        letter = await a_letter(world)
        assert await world.apply(again(world, letter)) == {"opened": 1}
        assert await waiting(world) == []
        assert await world.letters() == 3, "it stays accounted for"


async def test_asked_for_again_and_again_it_is_taken_in_once(database: str) -> None:
    async with World(database) as world:
        letter = await a_letter(world)
        await world.apply(again(world, letter), again(world, letter))
        await world.apply(again(world, letter), world.record([firing()]))
        assert await world.occurrences() == 2
        assert len(await world.all_tickets()) == 2


async def test_of_two_processes_one_takes_it_in(database: str) -> None:
    async with World(database, journal="a") as one, World(database, journal="b") as other:
        letter = await a_letter(one)
        await asyncio.gather(*(world.apply(again(world, letter)) for world in (one, other)))
        assert await one.occurrences() == 1


async def test_what_still_cannot_be_read_stays_as_it_was(database: str) -> None:
    async with World(database) as world:
        letter = await a_letter(world, b'{"labels": 7}')
        await world.apply(again(world, letter))
        assert await waiting(world) == [letter]


async def test_what_the_ledger_refuses_again_waits_again(database: str) -> None:
    async with World(database) as world:
        letter = await a_letter(world)
        record, checked = again(world, letter)
        checked.identities[0].labels = b'{"broken": '
        await world.apply((record, checked))
        assert await world.occurrences() == 0
        assert [one.reason for one in await waiting(world)] == ["storage"]


async def test_the_same_bytes_refused_later_wait_again(database: str) -> None:
    async with World(database) as world:
        record, checked = world.record([firing()])
        checked.identities[0].labels = b'{"broken": '
        await world.apply((record, checked))
        (letter,) = await waiting(world)
        await world.rows("UPDATE dead_letters SET replayed_at = now()")
        record, checked = world.record([firing()])
        checked.identities[0].labels = b'{"broken": '
        await world.apply((record, checked))
        (again_,) = await waiting(world)
        assert (again_.digest, again_.count) == (letter.digest, 2)


@pytest.mark.parametrize(
    ("source", "raw"),
    [
        ("custom", BODY),
        ("prometheus", BODY),
        ("prometheus", b"[%b]" % BODY),
        ("alertmanager", b'{"status":"firing","labels":{"alertname":"Lost"}}'),
    ],
)
async def test_a_letter_is_a_body_or_one_alert_of_it(
    database: str, source: str, raw: bytes
) -> None:
    async with World(database) as world:
        checked = read_letter(world.checker, source, 1, raw, START)
        assert checked is not None
        assert [one.labels for one in checked.sightings] == [b'{"alertname":"Lost"}']


@pytest.mark.parametrize(
    "sighting",
    [
        firing(lease=5),
        firing(began=None),
        resolved(ended=4, began=1),
        Sighting(0, True, b"{}", severity="n9e-1", discriminator="hash", url="http://x"),
    ],
)
def test_a_sighting_is_kept_whole(sighting: Sighting) -> None:
    assert read_kept(keep_sighting(sighting), at(4)) == sighting
    assert read_kept(BODY, at(4)) is None
