"""Links against a model of them: whatever people ask for, in any order, the laws hold."""

from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import nullcontext
from graphlib import CycleError, TopologicalSorter
from random import Random
from typing import Any, ClassVar, TypeVar

import asyncpg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gateway.errors import NotFound
from gateway.links.link import MOST_GENERATIONS, LinkKind
from tests.conftest import Databases
from tests.links.desk import Desk
from tests.world import World

PARENT, BLOCKS, RELATES, DUPLICATES = (
    LinkKind.PARENT, LinkKind.BLOCKS, LinkKind.RELATES, LinkKind.DUPLICATES,
)  # fmt: skip
TICKETS = MOST_GENERATIONS + 2
"""One more than may stand in a line."""
KINDS = st.sampled_from([PARENT, BLOCKS, RELATES, DUPLICATES])
ENDS = st.integers(0, TICKETS - 1)
Link = tuple[LinkKind, int, int]
Links = frozenset[Link]
T = TypeVar("T")
_PLACED = """
SELECT kind, from_id, to_id FROM ticket_links UNION ALL
SELECT 'duplicates', id, duplicate_of FROM tickets WHERE duplicate_of IS NOT NULL
"""
_ALONE = "DELETE FROM ticket_links; UPDATE tickets SET duplicate_of = NULL"
_CHILD = "INSERT INTO ticket_links VALUES (1, 'parent', $1, $2, 'system', now())"


def ways(links: Links, kind: LinkKind) -> dict[int, set[int]]:
    """From each end to the other ones."""
    found: dict[int, set[int]] = {}
    for one, start, end in links:
        if one is kind:
            found.setdefault(end, set()).add(start)
    return found


def is_ring(links: Links, kind: LinkKind) -> bool:
    try:
        TopologicalSorter(ways(links, kind)).prepare()
    except CycleError:
        return True
    return False


def above(links: Links, ticket: int) -> int:
    """Parents above a ticket, of which each has one."""
    parents = ways(links, PARENT).get(ticket)
    return 1 + above(links, min(parents)) if parents else 0


def broken(links: Links) -> str:
    """The first law that is broken, by the code under which a link is refused."""
    ends = Counter(end for kind, _, end in links if kind is PARENT)
    starts = Counter(start for kind, start, _ in links if kind is DUPLICATES)
    originals = {end for kind, _, end in links if kind is DUPLICATES}
    if max(ends.values(), default=0) > 1:
        return "has_parent"
    if is_ring(links, PARENT) or is_ring(links, BLOCKS):
        return "link_ring"
    if any(above(links, one) > MOST_GENERATIONS for one in range(TICKETS)):
        return "too_many_generations"
    if max(starts.values(), default=0) > 1:
        return "already_duplicate"
    return "original_is_duplicate" if originals & starts.keys() else ""


def stored(kind: LinkKind, one: int, other: int) -> Link:
    """A relation is one link, whoever made it."""
    if kind is RELATES:
        one, other = sorted((one, other))
    return kind, one, other


def after(links: Links, link: Link) -> Links:
    """With *link*; what duplicates a duplicate duplicates its original."""
    kind, start, end = link
    if kind is DUPLICATES and link not in links:
        led = {(kind, one, start) for one in range(TICKETS) if one != end} & links
        links = (links - led) | {(kind, one, end) for _, one, _ in led}
    return links | {link}


class LinkModel(RuleBasedStateMachine):
    """`databases` and what follows are those of the test that runs it."""

    databases: ClassVar[Databases]
    desk: ClassVar[Desk]
    tickets: ClassVar[list[str]]
    connection: ClassVar[asyncpg.Connection]

    def run(self, asked: Coroutine[Any, Any, T]) -> T:
        return self.databases.runner.run(asked)

    @initialize(cut=st.integers(0, TICKETS - 2))
    def two_lines_of_parents(self, cut: int) -> None:
        """Else no family is ever deep: chance makes broad ones."""
        uppers = [one for one in range(TICKETS - 1) if one != cut]
        self.links: Links = frozenset((PARENT, upper, upper + 1) for upper in uppers)
        lines = [(self.tickets[upper], self.tickets[upper + 1]) for upper in uppers]
        self.run(self.connection.execute(_ALONE))
        self.run(self.connection.executemany(_CHILD, lines))

    @rule(kind=KINDS, one=ENDS, other=ENDS)
    def link(self, kind: LinkKind, one: int, other: int) -> None:
        wanted = after(self.links, stored(kind, one, other))
        expected = "link_to_itself" if one == other else broken(wanted)
        refused = self.run(self.desk.refusal(kind, self.tickets[one], self.tickets[other]))
        assert refused == expected
        if not refused:
            self.links = wanted

    @rule(chance=st.randoms(use_true_random=False))
    def lengthen_a_line(self, chance: Random) -> None:
        """By whatever has no parent, below whatever has no child."""
        families = [link for link in self.links if link[0] is PARENT]
        ends = sorted(set(range(TICKETS)) - {upper for _, upper, _ in families})
        starts = sorted(set(range(TICKETS)) - {lower for _, _, lower in families})
        self.link(PARENT, chance.choice(ends), chance.choice(starts))

    @rule(kind=KINDS, one=ENDS, other=ENDS)
    def unlink(self, kind: LinkKind, one: int, other: int) -> None:
        if one == other:
            return
        there = self.links & {(kind, one, other), (kind, other, one)}
        with nullcontext() if there else pytest.raises(NotFound):
            self.run(self.desk.unlink(kind, self.tickets[one], self.tickets[other]))
        self.links -= set(sorted(there, key=lambda link: link[1] != one)[:1])

    @rule(chance=st.randoms(use_true_random=False))
    def unlink_one_that_is_there(self, chance: Random) -> None:
        if self.links:
            self.unlink(*chance.choice(sorted(self.links)))

    @invariant()
    def the_laws_hold_and_the_ledger_has_what_the_model_has(self) -> None:
        assert broken(self.links) == ""
        places = {ticket: place for place, ticket in enumerate(self.tickets)}
        rows = self.run(self.connection.fetch(_PLACED))
        found = [(kind, places[start], places[end]) for kind, start, end in rows]
        assert sorted(found) == sorted(self.links)


@pytest.fixture
def desk(databases: Databases, database: str) -> Iterator[Desk]:
    """In the loop in which the model asks."""
    world = World(database)
    databases.runner.run(world.__aenter__())
    yield Desk(world)
    databases.runner.run(world.__aexit__())


def test_links_keep_their_laws_whatever_people_ask_for(
    databases: Databases, database: str, desk: Desk
) -> None:
    """No ring, one parent, ten above at most, every original a root, each relation once."""
    run = databases.runner.run
    LinkModel.databases, LinkModel.desk = databases, desk
    LinkModel.tickets = run(desk.open(TICKETS))
    LinkModel.connection = run(asyncpg.connect(database))
    bounds = settings(max_examples=30, stateful_step_count=25, deadline=None)
    try:
        run_state_machine_as_test(LinkModel, settings=bounds)
    finally:
        run(LinkModel.connection.close())
