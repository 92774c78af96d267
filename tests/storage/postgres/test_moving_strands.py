"""Strands that go to another alert, in the real ledger: nothing is left behind."""

import asyncio
import json
from pathlib import Path
from typing import Any

from gateway.intake.journal import Record
from tests.world import World, at, firing, resolved

HASH = "5e1f0c9a7b3d42688c1d0e9f2a4b6c8d"
PAYLOADS = Path(__file__).parents[2] / "sources" / "payloads" / "n9e"


async def deliver(world: World, body: bytes, source: str = "n9e") -> dict[str, int]:
    """Bytes of a sender, read as before an answer."""
    world.sequence += 1
    record = Record(world.sequence, world.now, 1, source, body)
    return await world.apply((record, world.pipeline.check(record)))


def event(**fields: Any) -> bytes:
    known = {"hash": HASH, "rule_name": "Load", "tags_map": {"ident": "web-1"}}
    return json.dumps(known | fields).encode()


async def statuses(world: World) -> list[str]:
    return [ticket["status"] for ticket in await world.all_tickets()]


async def test_a_recovery_with_other_labels_and_rule_name_ends_the_firing(database: str) -> None:
    async with World(database) as world:
        await deliver(world, event())
        world.now = at(1)
        recovery = event(is_recovered=True, rule_name="High load", tags_map={"ident": "web-1.new"})
        assert await deliver(world, recovery) == {"resolved": 1}
        assert await statuses(world) == ["resolved"]
        assert len(await world.rows("SELECT * FROM alerts")) == 1


async def test_a_hash_of_one_nightingale_ends_nothing_of_another(database: str) -> None:
    async with World(database) as world:
        other = world.sources["n9e"]
        world.sources["n9e-berlin"] = type(other)("n9e-berlin", other.kind, other.parse)
        await deliver(world, event())
        elsewhere = event(is_recovered=True, tags_map={"ident": "berlin-1"})
        assert await deliver(world, elsewhere, "n9e-berlin") == {"orphan": 1}
        assert await statuses(world) == ["open"]


async def test_recorded_events_of_one_hash_are_one_strand(database: str) -> None:
    async with World(database) as world:
        for case in ("v7_object", "v9_object", "v9_recovery"):
            await deliver(world, (PAYLOADS / f"{case}.json").read_bytes())
        assert len(await world.rows("SELECT * FROM strands")) == 1
        assert await statuses(world) == ["resolved"]


async def test_when_a_label_is_ignored_everything_moves_with_the_next_sighting(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing(replica="a"), firing(replica="b"))
        before = await world.rows("SELECT strand FROM strands ORDER BY strand")
    async with World(database, journal="later", ignore=["replica"]) as world:
        world.now = at(1)
        await world.send(firing(replica="a"), firing(replica="b"), firing(replica="b"))
        assert await statuses(world) == ["resolved", "resolved", "open"]
        assert await world.rows("SELECT strand FROM strands ORDER BY strand") == before
        [alert] = await world.rows("SELECT * FROM alerts WHERE status = 'firing'")
        assert json.loads(alert["labels"]) == {"alertname": "CPU"}
        assert await counts(world) == [1, 1, 3]
        world.now = at(2)
        await world.send(resolved(replica="a", ended=2), resolved(replica="b", ended=2))
        assert await statuses(world) == ["resolved"] * 3


async def counts(world: World) -> list[int]:
    """Sightings that tickets count, as their list shows them."""
    found = await world.rows(
        """
        SELECT number, sum(coalesce(occurrences_after, (
                   SELECT coalesce(sum(occurrences), 0) FROM strands
                   WHERE strands.fingerprint = ticket_alerts.fingerprint
               )) - occurrences_before)::bigint AS n
        FROM ticket_alerts JOIN tickets ON id = ticket_id GROUP BY number ORDER BY number
        """
    )
    return [row["n"] for row in found]


async def test_tickets_go_on_counting_for_themselves_when_a_strand_goes_to_and_fro(
    database: str,
) -> None:
    one = World(database, journal="one")
    other = World(database, journal="other", ignore=["replica"])
    async with one, other:
        for minute, world in enumerate([one, other, one, other, other]):
            world.now = at(minute)
            await world.send(firing(replica="a"), firing(replica="a"))
        assert await one.occurrences() == sum(await counts(one)) == 10
        assert len(await one.rows("SELECT * FROM strands")) == 1
        live = [ticket for ticket in await one.all_tickets() if ticket["status"] == "open"]
        assert len(live) == 1


async def test_processes_that_ignore_other_labels_lose_nothing_and_leave_one_live_ticket(
    database: str,
) -> None:
    """As while a configuration is rolled out."""
    lists: list[list[str]] = [[], ["replica"], ["zone"], ["replica", "zone"]]
    worlds = [
        World(database, journal=f"journal-{number}", ignore=ignored)
        for number, ignored in enumerate(lists)
    ]
    all_ = [firing(replica=replica, zone=zone) for replica in "ab" for zone in "xyz"]

    async def speak(number: int, world: World) -> None:
        for turn in range(12):
            world.now = at(turn)
            await world.send(*(all_ if (turn + number) % 2 else reversed(all_)))

    try:
        await asyncio.gather(*(speak(number, world) for number, world in enumerate(worlds)))
        last = worlds[-1]
        assert await last.occurrences() == 4 * 12 * len(all_)
        assert await last.letters() == 0
        last.now = at(13)
        await last.send(*all_)
        assert (await statuses(last)).count("open") == 1
        fires = await last.rows("SELECT * FROM alerts WHERE status = 'firing'")
        assert [json.loads(alert["labels"]) for alert in fires] == [{"alertname": "CPU"}]
        over = [
            resolved(replica=replica, zone=zone, ended=14) for replica in "ab" for zone in "xyz"
        ]
        last.now = at(14)
        await last.send(*over)
        assert "open" not in await statuses(last)
        assert await last.rows("SELECT * FROM windows WHERE firing <> 0") == []
        assert await last.rows("SELECT * FROM tickets WHERE firing <> 0") == []
    finally:
        for world in worlds:
            await world.__aexit__()
