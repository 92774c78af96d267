"""Links between tickets: what each kind allows, and who hears of it."""

import asyncio
from itertools import pairwise

import pytest

from gateway.errors import NotFound
from gateway.links.link import MOST_GENERATIONS, LinkKind
from gateway.storage.postgres.queries.audit import broken_histories
from tests.links.desk import Desk
from tests.world import World

PARENT, BLOCKS, RELATES = LinkKind.PARENT, LinkKind.BLOCKS, LinkKind.RELATES
ROUNDS = 20


async def test_both_tickets_hear_of_a_link_and_neither_moves_its_version(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        one, other = await desk.open(2)
        assert (await desk.link(PARENT, one, other))[1]
        assert not (await desk.link(PARENT, one, other))[1]
        await desk.unlink(PARENT, other, one)
        entries = await world.rows(
            "SELECT object_id, old, new FROM history WHERE field = 'link'"
            " ORDER BY applied, object_id"
        )
        assert [tuple(entry.values()) for entry in entries] == [
            (one, None, f"parent:{other}"), (other, None, f"parent:{one}"),
            (one, f"parent:{other}", None), (other, f"parent:{one}", None),
        ]  # fmt: skip
        told = await world.rows(
            "SELECT type, subject, payload ->> 'kind' AS kind, payload ->> 'other' AS other"
            " FROM outbox WHERE type LIKE 'ticket.%linked' ORDER BY sequence"
        )
        assert [tuple(event.values()) for event in told] == [
            ("ticket.linked", one, "parent", other), ("ticket.linked", other, "parent", one),
            ("ticket.unlinked", one, "parent", other), ("ticket.unlinked", other, "parent", one),
        ]  # fmt: skip
        assert {row["version"] for row in await world.all_tickets()} == {1}
        assert await broken_histories(world.database, 1) == []


async def test_a_relation_is_one_link_whoever_made_it(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        one, other = await desk.open(2)
        await desk.link(RELATES, other, one)
        assert not (await desk.link(RELATES, one, other))[1]
        assert await desk.links() == {("relates", one, other)}
        await desk.unlink(RELATES, one, other)
        assert await desk.links() == set()


@pytest.mark.parametrize("kind", LinkKind)
async def test_a_ticket_is_not_linked_to_itself_nor_to_an_unknown_one(
    database: str, kind: LinkKind
) -> None:
    async with World(database) as world:
        desk = Desk(world)
        [one] = await desk.open()
        made = kind in (PARENT, BLOCKS, RELATES, LinkKind.DUPLICATES)
        expected = "link_to_itself" if made else "link_not_by_people"
        assert await desk.refusal(kind, one, one) == expected
        assert await desk.refusal(kind, one, "tk_" + "0" * 26) == "not_found"
        assert await desk.refusal(kind, "tk_" + "0" * 26, one) == "not_found"


async def test_a_ticket_has_one_parent_and_at_most_ten_above_it(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        line = await desk.open(MOST_GENERATIONS + 2)
        for upper, lower in pairwise(line[1:]):
            assert await desk.refusal(PARENT, upper, lower) == ""
        assert await desk.refusal(PARENT, line[0], line[1]) == "too_many_generations"
        assert await desk.refusal(PARENT, line[0], line[5]) == "has_parent"
        await desk.unlink(PARENT, line[5], line[6])
        assert await desk.refusal(PARENT, line[0], line[1]) == ""
        assert await desk.refusal(PARENT, line[5], line[6]) == "too_many_generations"


@pytest.mark.parametrize("kind", [PARENT, BLOCKS])
async def test_no_ring_is_closed(database: str, kind: LinkKind) -> None:
    async with World(database) as world:
        desk = Desk(world)
        one, two, three = await desk.open(3)
        await desk.link(kind, one, two)
        await desk.link(kind, two, three)
        assert await desk.refusal(kind, three, one) == "link_ring"
        assert await desk.refusal(kind, two, one) == "link_ring"


@pytest.mark.parametrize("kind", [PARENT, BLOCKS])
async def test_b_to_c_and_d_to_a_at_once_never_close_a_ring(database: str, kind: LinkKind) -> None:
    async with World(database) as first, World(database) as second:
        desks = Desk(first), Desk(second)
        for _ in range(ROUNDS):
            a, b, c, d = await desks[0].open(4)
            await desks[0].link(kind, a, b)
            await desks[0].link(kind, c, d)
            refused = await asyncio.gather(
                desks[0].refusal(kind, b, c), desks[1].refusal(kind, d, a)
            )
            assert sorted(refused) == ["", "link_ring"]


async def test_one_of_two_parents_that_are_given_at_once_is_refused(database: str) -> None:
    async with World(database) as first, World(database) as second:
        desks = Desk(first), Desk(second)
        for _ in range(ROUNDS):
            child, one, two = await desks[0].open(3)
            refused = await asyncio.gather(
                desks[0].refusal(PARENT, one, child), desks[1].refusal(PARENT, two, child)
            )
            assert sorted(refused) == ["", "has_parent"]


async def test_what_is_not_linked_is_not_found_when_it_is_taken_away(database: str) -> None:
    async with World(database) as world:
        desk = Desk(world)
        one, other = await desk.open(2)
        await desk.link(BLOCKS, one, other)
        with pytest.raises(NotFound):
            await desk.unlink(PARENT, one, other)
        with pytest.raises(NotFound):
            await desk.unlink(LinkKind.DUPLICATES, one, other)
