"""Whom a comment mentions: users who can see it, and nobody learns by it who there is."""

from dataclasses import dataclass, field

import msgspec
import pytest

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.comments.comment import Comment, Visibility
from gateway.comments.mentions import can_read
from gateway.desk.comment import AddComment, EditComment
from gateway.desk.open_ticket import OpenTicket
from gateway.desk.user import EditUser
from gateway.people.person import Person
from gateway.storage.postgres.queries.comments import CommentQueries
from gateway.tickets.ticket import Ticket
from tests.desk.office import ROOT, Office, as_user
from tests.tickets.tickets import ticket
from tests.world import World

FOR_ALL = Visibility.AUDITOR_VISIBLE


@dataclass
class Talk:
    """On a ticket that a requester has asked for."""

    office: Office
    people: dict[str, Person] = field(default_factory=dict)

    async def open(self) -> "Talk":
        for role in ("operator", "auditor", "requester", "admin"):
            self.people[role] = await self.office.add(f"the-{role}", role)
        self.people["viewer"] = await self.office.add("the-viewer", "viewer", "OPS")
        self.people["other"] = await self.office.add("the-other", "requester")
        asker = as_user(self.people["requester"])
        self.ticket: Ticket = await self.office.do(OpenTicket(title="Disks"), asker)
        return self

    async def say(
        self, body: str, visibility: Visibility = FOR_ALL, by: Principal = ROOT
    ) -> Comment:
        command = AddComment(ticket_id=self.ticket.id, body=body, visibility=visibility)
        comment: Comment = await self.office.do(command, by)
        return comment

    def ids(self, *roles: str) -> tuple[str, ...]:
        return tuple(self.people[role].user.id for role in roles)


EVERYBODY = "@the-operator @the-auditor @the-requester @the-admin @the-viewer @the-other @nobody"


async def test_a_mention_reaches_those_who_can_see_the_comment(database: str) -> None:
    async with World(database) as world:
        talk = await Talk(Office(world)).open()
        comment = await talk.say(EVERYBODY)
        assert comment.mentions == talk.ids("operator", "auditor", "requester", "admin")
        assert comment.unreached == ("the-viewer", "the-other", "nobody")
        among_us = await talk.say(EVERYBODY, Visibility.INTERNAL)
        assert among_us.mentions == talk.ids("operator", "admin")
        assert among_us.unreached == (
            "the-auditor", "the-requester", "the-viewer", "the-other", "nobody",
        )  # fmt: skip


async def test_a_mention_of_somebody_who_cannot_see_it_tells_nobody_and_leaks_no_name(
    database: str,
) -> None:
    """To its author somebody who cannot see it is the same as nobody at all."""
    async with World(database) as world:
        talk = await Talk(Office(world)).open()
        comment = await talk.say("Ask @the-auditor and @not-there", Visibility.INTERNAL)
        assert (comment.mentions, comment.unreached) == ((), ("the-auditor", "not-there"))
        [row] = await world.rows("SELECT payload FROM outbox WHERE type = 'ticket.comment_added'")
        assert msgspec.json.decode(row["payload"])["mentions"] == []
        for told in (row, *await world.rows("SELECT * FROM history")):
            assert "the-auditor" not in repr(told)
        view = await CommentQueries(world.database).one(ROOT, talk.ticket.id, comment.id)
        [kept] = view.comments
        assert (kept.mentions, kept.unreached) == ((), ())


async def test_who_sees_a_comment_no_longer_is_not_mentioned_in_it(database: str) -> None:
    async with World(database) as world:
        talk = await Talk(Office(world)).open()
        comment = await talk.say("@the-auditor @the-operator")
        assert comment.mentions == talk.ids("auditor", "operator")
        narrowed = await talk.office.do(
            EditComment(
                ticket_id=talk.ticket.id, comment_id=comment.id, visibility=Visibility.INTERNAL
            )
        )
        assert narrowed.mentions == talk.ids("operator")
        assert narrowed.unreached == ("the-auditor",)
        edited = await talk.office.do(
            EditComment(
                ticket_id=talk.ticket.id, comment_id=comment.id, body="@the-admin @the-auditor"
            )
        )
        assert (edited.mentions, edited.unreached) == (talk.ids("admin"), ("the-auditor",))


async def test_who_is_disabled_is_mentioned_by_nobody(database: str) -> None:
    async with World(database) as world:
        talk = await Talk(Office(world)).open()
        await talk.office.do(EditUser(user="@the-operator", disabled=True))
        comment = await talk.say("@the-operator")
        assert (comment.mentions, comment.unreached) == ((), ("the-operator",))


async def test_a_comment_asked_for_again_under_its_key_says_the_same(database: str) -> None:
    async with World(database) as world:
        talk = await Talk(Office(world)).open()
        command = AddComment(ticket_id=talk.ticket.id, body="@the-operator @nobody")
        first, again = [await talk.office.do(command, key="k-1") for _ in range(2)]
        assert first == again
        assert first.unreached == ("nobody",)


@pytest.mark.parametrize(
    ("role", "shown", "internal"),
    [
        (Role.ADMIN, True, True),
        (Role.OPERATOR, True, True),
        (Role.AUDITOR, True, False),
        (Role.REQUESTER, False, False),
        (Role.SENDER, False, False),
        (Role.NOBODY, False, False),
    ],
)
def test_internal_comments_are_for_those_who_work_on_tickets(
    role: Role, shown: bool, internal: bool
) -> None:
    somebody = Principal(1, "u_1", role, user="u_1")
    assert can_read(somebody, ticket(), FOR_ALL) is shown
    assert can_read(somebody, ticket(), Visibility.INTERNAL) is internal
    own = msgspec.structs.replace(ticket(), requester="u_1")
    assert can_read(somebody, own, FOR_ALL) is (shown or role is Role.REQUESTER)
    assert can_read(somebody, own, Visibility.INTERNAL) is internal
