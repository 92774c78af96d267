"""A duplicate hands its alerts to its original, and ends with it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.alerts.rule import Rule
from gateway.errors import Conflict
from gateway.links.link import LinkKind
from gateway.storage.postgres.duties.duplicates import PostgresDuplicates
from gateway.storage.postgres.duties.visits import Visits
from gateway.storage.postgres.kernel.bound import loading
from gateway.storage.postgres.queries.audit import broken_histories
from gateway.tickets.ticket import TicketStatus
from gateway.workers.duplicates import DuplicateEnds
from matchers import parse
from tests.links.desk import Desk
from tests.world import World, at, firing, resolved

DUPLICATES = LinkKind.DUPLICATES
RESOLVED, CLOSED, CANCELLED = TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED
ROUNDS = 20


async def opened(world: World, *names: str) -> list[str]:
    """Ids of the tickets of alerts that fire."""
    await world.send(*(firing(name) for name in names))
    found = {row["title"]: row["id"] for row in await world.all_tickets()}
    return [found[name] for name in names]


async def tickets_of_alerts(world: World) -> dict[str, tuple[str, str]]:
    """By name of each alert that fires: its ticket, and that of its window."""
    rows = await world.rows(
        "SELECT labels ->> 'alertname' AS name, alerts.ticket_id, windows.ticket_id AS of_window"
        " FROM alerts JOIN windows USING (tenant_id, merge_key) WHERE status = 'firing'"
    )
    return {row["name"]: (row["ticket_id"], row["of_window"]) for row in rows}


async def counts(desk: Desk, ticket: str) -> tuple[Any, Any]:
    row = await desk.ticket(ticket)
    return row["status"], row["firing"]


async def test_marking_a_duplicate_leaves_every_firing_alert_with_one_live_ticket(
    database: str,
) -> None:
    async with World(database) as world:
        desk = Desk(world)
        ticket, original = await opened(world, "Disk", "Storage")
        await desk.link(DUPLICATES, ticket, original)
        assert await tickets_of_alerts(world) == {
            "Disk": (original, original), "Storage": (original, original),
        }  # fmt: skip
        assert await counts(desk, ticket) == ("open", 0)
        assert await counts(desk, original) == ("open", 2)
        assert (await desk.ticket(ticket))["version"] == 1
        assert await broken_histories(world.database, 1) == []


async def test_what_is_seen_of_a_duplicates_alert_is_the_originals(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        ticket, original = await opened(world, "Disk", "Storage")
        await desk.link(DUPLICATES, ticket, original)
        world.now = at(1)
        assert await world.send(firing("Disk")) == {"merged": 1}
        assert await world.send(resolved("Disk", ended=1)) == {"resolved": 1}
        world.now = at(2)
        assert await world.send(firing("Disk", began=2)) == {"merged": 1}
        assert await counts(desk, original) == ("open", 2)
        world.now = at(3)
        await world.send(resolved("Disk", ended=3), resolved("Storage", ended=3))
        assert await counts(desk, original) == ("resolved", 0)
        assert await counts(desk, ticket) == ("open", 0)
        assert await world.letters() == 0


@pytest.mark.parametrize("first", ["Disk", "Storage"])
async def test_after_the_original_is_resolved_both_problems_may_come_back(
    database: str, first: str
) -> None:
    """The original's own reopens it. For the duplicate's there is a new ticket: in the original's
    window a newer one may be live, and in its own none is but the duplicate.
    """
    async with World(database) as world:
        desk = Desk(world)
        ticket, original = await opened(world, "Disk", "Storage")
        await desk.link(DUPLICATES, ticket, original)
        world.now = at(3)
        await world.send(resolved("Disk", ended=3), resolved("Storage", ended=3))
        world.now = at(60)
        names = [first, *({"Disk", "Storage"} - {first})]
        for name in names:
            await world.send(firing(name, began=60))
        assert await world.letters() == 0
        shown = await tickets_of_alerts(world)
        assert shown.keys() == {"Disk", "Storage"}
        for on, of_window in shown.values():
            assert on == of_window
            assert (await desk.ticket(on))["status"] == "open"
            assert (await desk.ticket(on))["duplicate_of"] is None


async def test_an_original_that_was_resolved_is_live_again_for_what_fires(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        ticket, original = await opened(world, "Disk", "Storage")
        await desk.step(original, RESOLVED)
        await desk.link(DUPLICATES, ticket, original)
        assert await counts(desk, original) == ("open", 2)


async def test_unlinked_it_has_its_alerts_again(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        ticket, original = await opened(world, "Disk", "Storage")
        await desk.link(DUPLICATES, ticket, original)
        await desk.unlink(DUPLICATES, ticket, original)
        assert await tickets_of_alerts(world) == {
            "Disk": (ticket, ticket), "Storage": (original, original),
        }  # fmt: skip
        assert await counts(desk, ticket) == ("open", 1)
        assert (await desk.ticket(ticket))["duplicate_of"] is None


async def test_every_original_is_a_root(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        one, two, three = await opened(world, "One", "Two", "Three")
        await desk.link(DUPLICATES, one, two)
        await desk.link(DUPLICATES, two, three)
        assert (await desk.ticket(one))["duplicate_of"] == three
        assert await tickets_of_alerts(world) == dict.fromkeys(
            ("One", "Two", "Three"), (three, three)
        )
        [told] = await world.rows(
            "SELECT count(*) AS n FROM history WHERE object_id = $1 AND field = 'link'", one
        )
        assert told["n"] == 3


async def test_two_tickets_cannot_be_duplicates_of_each_other_nor_of_an_ended_one(
    database: str,
) -> None:
    async with World(database) as first, World(database) as second:
        desks = Desk(first), Desk(second)
        for _ in range(ROUNDS):
            one, other = await desks[0].open(2)
            refused = await asyncio.gather(
                desks[0].refusal(DUPLICATES, one, other), desks[1].refusal(DUPLICATES, other, one)
            )
            assert sorted(refused) == ["", "original_is_duplicate"]
        one, other, third = await desks[0].open(3)
        await desks[0].step(other, CANCELLED)
        assert await desks[0].refusal(DUPLICATES, one, other) == "original_ended"
        await desks[0].link(DUPLICATES, one, third)
        with pytest.raises(Conflict) as refusal:
            await desks[0].link(DUPLICATES, other, one)
        assert refusal.value.extra == {"ticket_id": third}


async def test_what_fires_while_duplicates_are_marked_is_lost_by_nobody(database: str) -> None:
    async with World(database, journal="a") as world, World(database, journal="b") as other:
        desk = Desk(world)
        for number in range(ROUNDS):
            names = [f"{part}{number}" for part in "ab"]
            ticket, original = await opened(world, *names)
            other.now = at(3)
            news = [firing(name, began=2) for name in names]
            ended = [resolved(name, ended=1) for name in names]
            await asyncio.gather(desk.link(DUPLICATES, ticket, original), other.send(*ended, *news))
            shown = await tickets_of_alerts(world)
            for name in names:
                assert shown[name][0] == shown[name][1]
                assert (await desk.ticket(shown[name][0]))["status"] == "open"
        assert await world.letters() == 0


@pytest.mark.parametrize("steps", [(CANCELLED,), (RESOLVED, CLOSED)])
async def test_a_duplicate_ends_when_its_original_ends_and_as_that_did(
    database: str, steps: tuple[TicketStatus, ...]
) -> None:
    async with World(database) as world:
        desk = Desk(world)
        one, other, original = await desk.open(3)
        await desk.step(other, RESOLVED)
        for ticket in (one, other):
            await desk.link(DUPLICATES, ticket, original)
        await desk.step(original, *steps)
        for ticket in (one, other):
            row = await desk.ticket(ticket)
            assert (row["status"], row["resolution"]) == (str(steps[-1]), "duplicate")
        entries = await world.rows(
            "SELECT actor, field, new FROM history WHERE object_id = $1 ORDER BY sequence", one
        )
        assert [tuple(entry.values()) for entry in entries[-2:]] == [
            ("system", "status", str(steps[-1])), ("system", "resolution", "duplicate"),
        ]  # fmt: skip


async def test_reopening_an_original_reopens_no_duplicate(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        ticket, original = await desk.open(2)
        await desk.link(DUPLICATES, ticket, original)
        await desk.step(ticket, RESOLVED)
        await desk.step(original, RESOLVED, TicketStatus.IN_PROGRESS)
        assert (await desk.ticket(ticket))["status"] == "resolved"


async def test_what_is_too_much_to_end_at_once_is_ended_by_a_duty(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "END_AT_ONCE", 2)
    async with World(database) as world:
        desk = Desk(world)
        original, *duplicates = await desk.open(6)
        for ticket in duplicates:
            await desk.link(DUPLICATES, ticket, original)
        duty = DuplicateEnds(PostgresDuplicates(Visits(world.database), 2), lambda: world.now)
        assert not await duty.turn()
        await desk.step(original, CANCELLED)
        ended = "SELECT count(*) AS n FROM tickets WHERE resolution = 'duplicate'"
        assert (await world.rows(ended))[0]["n"] == 2
        while await duty.turn():
            pass
        assert (await world.rows(ended))[0]["n"] == 5
        assert await broken_histories(world.database, 1) == []


async def test_an_original_that_ends_by_itself_takes_its_duplicates_along(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        ticket, original = await desk.open(2)
        await desk.link(DUPLICATES, ticket, original)
        await desk.step(original, RESOLVED)
        long_after = at(60 * 24 * 3650)
        await world.closing.close(1, long_after, long_after)
        duty = DuplicateEnds(PostgresDuplicates(Visits(world.database)), lambda: long_after)
        await duty.turn()
        assert (await desk.ticket(ticket))["status"] == "closed"


async def test_an_original_is_not_reopened_for_its_duplicate_while_a_newer_ticket_is_live(
    database: str,
) -> None:
    """Its own window has ended before that of the duplicate."""
    rule = Rule("long", parse('alertname="Disk"'), window=timedelta(hours=2))
    async with World(database, rules=[rule]) as world:
        desk = Desk(world)
        ticket, original = await opened(world, "Disk", "Storage")
        await desk.link(DUPLICATES, ticket, original)
        world.now = at(3)
        await world.send(resolved("Disk", ended=3), resolved("Storage", ended=3))
        world.now = at(60)
        assert await world.send(firing("Storage", began=60)) == {"opened": 1}
        assert await world.send(firing("Disk", began=60)) == {"opened": 1}
        assert await world.letters() == 0
        assert (await desk.ticket(original))["status"] == "resolved"


async def test_a_rules_asset_labels_are_what_its_tickets_refer_to(database: str) -> None:
    rule = Rule("disks", parse('alertname="Disk"'), asset_labels=("instance", "volume", "none"))
    async with World(database, rules=[rule]) as world:
        await world.send(firing("Disk", instance=" db1\n", volume="sda"), firing("Other"))
        rows = await world.rows("SELECT kind, reference FROM ticket_refs ORDER BY reference")
        assert [tuple(row.values()) for row in rows] == [("asset", "db1"), ("asset", "sda")]
        assert await broken_histories(world.database, 1) == []
