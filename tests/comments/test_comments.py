"""Comments through the one door: theirs is the author's word, and the ticket's history knows it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.comments.comment import Comment, Revision, Visibility, mentions_in
from gateway.desk.change_ticket import StepTicket
from gateway.desk.comment import AddComment, EditComment, RetractComment
from gateway.desk.open_ticket import OpenTicket
from gateway.errors import Conflict, Forbidden, NotFound, Refused
from gateway.events.event import EventType
from gateway.events.routing import Route
from gateway.storage.postgres.kernel.perform import Door
from gateway.storage.postgres.queries.audit import broken_histories
from gateway.storage.postgres.queries.comments import CommentQueries
from gateway.tickets.ticket import Ticket, TicketStatus
from tests.world import World

ANNA = Principal(1, "local:anna", Role.ADMIN)
BOB = Principal(1, "local:bob", Role.ADMIN)


@dataclass
class Desk:
    """A ticket of Anna's, and what people write on it."""

    world: World
    ticket: Ticket = field(init=False)

    def __post_init__(self) -> None:
        routes = [Route("hook", frozenset(EventType))]
        self.door = Door(self.world.database, routes)
        self.reader = CommentQueries(self.world.database)

    async def open(self) -> "Desk":
        self.ticket = await self.door.perform(OpenTicket(title="Disks"), ANNA)
        return self

    async def add(self, body: str, by: Principal = BOB, **more: Any) -> Comment:
        command = AddComment(ticket_id=self.ticket.id, body=body, **more)
        return await self.door.perform(command, by)

    async def edit(self, comment: Comment, by: Principal = BOB, **more: Any) -> Comment:
        command = EditComment(ticket_id=self.ticket.id, comment_id=comment.id, **more)
        return await self.door.perform(command, by)

    async def retract(self, comment: Comment, by: Principal = BOB) -> Comment:
        command = RetractComment(ticket_id=self.ticket.id, comment_id=comment.id)
        return await self.door.perform(command, by)

    async def page(self, after: str | None, limit: int) -> list[Comment]:
        return [*(await self.reader.page(ANNA, self.ticket.id, after, limit)).comments]

    async def one(self, comment: Comment) -> tuple[Comment, Sequence[Revision]]:
        view = await self.reader.one(ANNA, self.ticket.id, comment.id)
        (found,) = view.comments
        return found, view.revisions

    async def row(self) -> dict[str, Any]:
        [row] = await self.world.all_tickets()
        return row

    async def entries(self) -> list[tuple[str, str | None, str | None]]:
        rows = await self.world.rows(
            "SELECT field, old, new FROM history WHERE field LIKE 'comment%' ORDER BY sequence"
        )
        return [(row["field"], row["old"], row["new"]) for row in rows]


async def test_a_comment_is_internal_unless_it_says_otherwise_and_moves_no_version(
    database: str,
) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        comment = await desk.add("the fan is loud")
        assert comment.visibility is Visibility.INTERNAL
        assert await desk.page(None, 9) == [comment]
        row = await desk.row()
        assert (row["version"], row["updated_at"]) == (1, desk.ticket.updated_at)
        assert row["history_length"] == 2
        assert await desk.entries() == [("comment", None, comment.digest)]


async def test_history_holds_the_digest_of_a_text_and_never_the_text(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        first = await desk.add("canary")
        second = await desk.edit(first, body="another canary")
        await desk.retract(second)
        rows = await world.rows("SELECT * FROM history")
        assert "canary" not in repr(rows)
        assert await desk.entries() == [
            ("comment", None, first.digest),
            ("comment", first.digest, second.digest),
            ("comment", second.digest, None),
        ]
        assert await broken_histories(world.database, 1) == []


async def test_a_text_that_a_superuser_exchanges_or_removes_is_found(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        kept, exchanged, removed = [await desk.edit(await desk.add("a"), body="b") for _ in "abc"]
        assert await broken_histories(world.database, 1) == []
        await world.rows("UPDATE comments SET body = 'c' WHERE id = $1", exchanged.id)
        await world.rows("DELETE FROM comment_revisions WHERE comment_id = $1", removed.id)
        await world.rows("DELETE FROM comments WHERE id = $1", removed.id)
        found = await broken_histories(world.database, 1)
        assert {(one.kind, one.object_id) for one in found} == {
            ("comment", exchanged.id), ("comment", removed.id),
        }  # fmt: skip
        assert kept.id not in repr(found)


async def test_equal_texts_have_digests_that_do_not_tell_it(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        one, other = await desk.add("yes"), await desk.add("yes")
        assert one.digest.partition(" ")[2] != other.digest.partition(" ")[2]


async def test_what_a_comment_said_before_stays_as_its_revisions(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        comment = await desk.add("one")
        for body in ("two", "three", "three"):
            await desk.edit(comment, body=body)
        now, before = await desk.one(comment)
        assert now.body == "three"
        assert [(one.number, one.body) for one in before] == [(1, "one"), (2, "two")]
        assert before[0].at == comment.at


async def test_what_is_retracted_is_gone_with_all_that_it_said_and_leaves_its_row(
    database: str,
) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        comment = await desk.edit(await desk.add("one @anna"), body="two @anna")
        for _ in range(2):
            gone = await desk.retract(comment)
            assert (gone.body, gone.mentions, gone.id) == ("", (), comment.id)
        assert await desk.one(comment) == (gone, [])
        with pytest.raises(Conflict):
            await desk.edit(comment, body="again")
        assert len(await desk.entries()) == 3


async def test_nobody_changes_anothers_comment(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        comment = await desk.add("mine", by=BOB)
        with pytest.raises(Forbidden):
            await desk.edit(comment, by=ANNA, body="yours")
        with pytest.raises(Forbidden):
            await desk.retract(comment, by=ANNA)


async def test_visibility_is_narrowed_and_never_widened(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        shown = await desk.add("for all", visibility=Visibility.AUDITOR_VISIBLE)
        hidden = await desk.edit(shown, visibility=Visibility.INTERNAL)
        assert hidden.visibility is Visibility.INTERNAL
        with pytest.raises(Refused) as refused:
            await desk.edit(shown, visibility=Visibility.AUDITOR_VISIBLE, body="x")
        assert refused.value.code == "visibility_widened"
        now, _ = await desk.one(shown)
        assert now.body == "for all", "refused as a whole"


async def test_a_comment_on_a_closed_ticket_reopens_nothing(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        for to in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            await desk.door.perform(StepTicket(ticket_id=desk.ticket.id, to=to), ANNA)
        await desk.add("it was the fan")
        assert (await desk.row())["status"] == "closed"


async def test_an_internal_comments_text_leaves_with_no_event(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        await desk.add("canary @bob", visibility=Visibility.INTERNAL)
        await desk.add("for all", visibility=Visibility.AUDITOR_VISIBLE)
        rows = await world.rows(
            "SELECT payload FROM outbox WHERE type = 'ticket.comment_added' ORDER BY sequence"
        )
        hidden, shown = [msgspec.json.decode(row["payload"]) for row in rows]
        assert "canary" not in repr(hidden)
        assert (hidden["visibility"], hidden["mentions"]) == ("internal", [])
        assert (shown["body"], shown["author"]) == ("for all", "local:bob")
        assert shown["ticket"]["id"] == desk.ticket.id


@pytest.mark.parametrize("how", ["retracted", "narrowed"])
async def test_what_is_not_for_all_any_more_stands_in_no_message(database: str, how: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        comment = await desk.add("canary @bob", visibility=Visibility.AUDITOR_VISIBLE)
        await desk.add("for all", visibility=Visibility.AUDITOR_VISIBLE)
        if how == "retracted":
            await desk.retract(comment)
        else:
            await desk.edit(comment, visibility=Visibility.INTERNAL)
        rows = await world.rows("SELECT payload FROM outbox")
        assert "canary" not in repr(rows)
        assert "for all" in repr(rows)


async def test_an_edit_leaves_what_the_outside_was_told_as_it_was(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        inner = await desk.add("@bob")
        before = await world.rows("SELECT payload FROM outbox ORDER BY sequence")
        await desk.edit(inner, body="never mind")
        assert await world.rows("SELECT payload FROM outbox ORDER BY sequence") == before


async def test_what_was_taken_back_is_given_under_no_key(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        command = AddComment(ticket_id=desk.ticket.id, body="canary")
        comment = await desk.door.perform(command, BOB, "k1")
        assert await desk.door.perform(command, BOB, "k1") == comment
        await desk.retract(comment)
        again = await desk.door.perform(command, BOB, "k1")
        assert (again.id, again.body, again.retracted_at is None) == (comment.id, "", False)
        for table in ("idempotency", "outbox", "history", "comments", "comment_revisions"):
            rows = await world.rows(f"SELECT t::text AS row FROM {table} AS t")
            assert "canary" not in repr(rows)
            assert b"canary".hex() not in repr(rows), table


async def test_times_of_a_history_follow_its_order_however_many_write_at_once(
    database: str,
) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        await asyncio.gather(*(desk.add(str(number)) for number in range(20)))
        rows = await world.rows("SELECT at FROM history ORDER BY sequence")
        assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
        shown = await desk.page(None, 50)
        assert [one.at for one in shown] == sorted((one.at for one in shown), reverse=True)


async def test_the_first_response_is_what_others_say_that_the_requester_can_read(
    database: str,
) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        await desk.add("to myself", by=ANNA, visibility=Visibility.AUDITOR_VISIBLE)
        await desk.add("among us", by=BOB)
        assert (await desk.row())["first_response_at"] is None
        answer = await desk.add("we look", by=BOB, visibility=Visibility.AUDITOR_VISIBLE)
        assert (await desk.row())["first_response_at"] == answer.at
        await desk.add("still", by=BOB, visibility=Visibility.AUDITOR_VISIBLE)
        row = await desk.row()
        assert (row["first_response_at"], row["version"]) == (answer.at, 1)


async def test_a_comment_is_found_on_its_own_ticket_only(database: str) -> None:
    async with World(database) as world:
        desk, other = await Desk(world).open(), await Desk(world).open()
        comment = await desk.add("here")
        with pytest.raises(NotFound):
            await other.edit(comment, body="there")
        with pytest.raises(NotFound):
            await other.reader.one(ANNA, other.ticket.id, comment.id)
        with pytest.raises(NotFound):
            await other.reader.page(ANNA, "tk_none", None, 9)


async def test_all_pages_show_each_comment_once_latest_first(database: str) -> None:
    async with World(database) as world:
        desk = await Desk(world).open()
        written = [await desk.add(str(number)) for number in range(7)]
        seen: list[Comment] = []
        while page := await desk.page(seen[-1].id if seen else None, 3):
            seen += page
        assert seen == sorted(written, key=lambda one: one.id, reverse=True)


@pytest.mark.parametrize(
    ("body", "handles"),
    [
        ("@anna and @Bob, see @anna", ("anna", "bob")),
        ("mail to anna@example.org or x@y", ()),
        ("(@anna) @bob. @a-b_c.d, @carl!", ("anna", "bob", "a-b_c.d", "carl")),
        ("@@anna @ @- @.", ()),
        ("see https://x/@anna", ()),
    ],
)
def test_mentions_are_the_handles_as_they_are_written(body: str, handles: tuple[str, ...]) -> None:
    assert mentions_in(body) == handles


@given(st.text(alphabet="@ab. \n-é/", max_size=200))
def test_mentions_are_few_handles_each_once(body: str) -> None:
    found = mentions_in(body)
    assert len(found) == len(set(found)) <= 100
    assert all(f"@{one}" in body.lower() for one in found)
