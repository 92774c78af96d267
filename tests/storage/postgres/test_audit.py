"""Whatever a superuser changes in histories, ends of chains and texts is found and named."""

from datetime import timedelta

import pytest

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.clock import system_clock
from gateway.desk.comment import AddComment, EditComment, RetractComment
from gateway.desk.open_ticket import OpenTicket
from gateway.desk.silence import BeginSilence, EditSilence
from gateway.history.chain import Entry, Head, chain
from gateway.storage.postgres.kernel.perform import Door
from gateway.storage.postgres.kernel.rows import HISTORY
from gateway.storage.postgres.queries.audit import Broken, broken_histories
from gateway.storage.postgres.statements import load
from tests.world import World, at

SQL = load("ledger")
ANNA = Principal(1, "local:anna", Role.ADMIN)


async def written(world: World) -> dict[str, str]:
    """A ticket with comments, a silence, and an object of a kind without a row of its own."""
    door = Door(world.database, ())
    ticket = await door.perform(OpenTicket(title="Disks"), ANNA)
    comment = await door.perform(AddComment(ticket_id=ticket.id, body="one"), ANNA)
    edit = EditComment(ticket_id=ticket.id, comment_id=comment.id, body="two")
    await door.perform(edit, ANNA)
    gone = await door.perform(AddComment(ticket_id=ticket.id, body="oh"), ANNA)
    await door.perform(RetractComment(ticket_id=ticket.id, comment_id=gone.id), ANNA)
    ends = system_clock() + timedelta(hours=1)
    silence = await door.perform(BeginSilence(matchers='{a="b"}', ends_at=ends), ANNA)
    await door.perform(EditSilence(silence_id=silence.id, comment="longer"), ANNA)
    for kind in ("declaration", "link", "token", "user"):
        await other(world, kind)
    return {
        "ticket": ticket.id,
        "silence": str(silence.id),
        "comment": comment.id,
        "gone": gone.id,
    }


async def other(world: World, kind: str) -> None:
    entries = [
        Entry(kind, f"{kind}_1", at(minute), "u_1", "name", None, "x") for minute in (1, 2, 3)
    ]
    chained = chain(entries, Head())
    async with world.database.tenant(1) as transaction:
        await transaction.driver.execute(*HISTORY.insert(1, chained))
        await transaction.driver.execute(
            SQL["save_heads"], 1, [kind], [f"{kind}_1"], [3], [chained[-1].hash]
        )


def of_kinds(*tamperings: tuple[str, int]) -> list[tuple[str, str, int]]:
    return [
        (kind, statement, sequence)
        for kind in ("ticket", "silence", "declaration", "link", "token", "user")
        for statement, sequence in tamperings
    ]


@pytest.mark.parametrize(
    ("kind", "tampering", "sequence"),
    of_kinds(
        ("UPDATE history SET actor = 'nobody' WHERE {this} AND sequence = 2", 2),
        ("UPDATE history SET comment = 'x' WHERE {this} AND sequence = 1", 1),
        ("UPDATE history SET at = at + interval '1 us' WHERE {this} AND sequence = 2", 2),
        ("UPDATE history SET salt = sha256(salt) WHERE {this} AND sequence = 2", 2),
        ("UPDATE history SET salt = NULL WHERE {this} AND sequence = 2", 2),
        ("DELETE FROM history WHERE {this} AND sequence = 1", 1),
        ("DELETE FROM history WHERE {this}", 1),
        (
            "INSERT INTO history SELECT tenant_id, kind, object_id, 99, at, actor, field, old, new,"
            " comment, hash, salt, applied FROM history WHERE {this} AND sequence = 2",
            -1,
        ),
    ),
)
async def test_every_change_of_a_history_is_found(
    database: str, kind: str, tampering: str, sequence: int
) -> None:
    async with World(database) as world:
        keys = await written(world)
        assert await broken_histories(world.database, 1) == []
        key = keys.get(kind, f"{kind}_1")
        await world.rows("ALTER TABLE history DISABLE TRIGGER ALL")
        this = f"kind = '{kind}' AND object_id = '{key}'"
        length = (await world.rows(f"SELECT count(*) FROM history WHERE {this}"))[0]["count"]
        await world.rows(tampering.format(this=this))
        found = await broken_histories(world.database, 1)
        assert Broken(kind, key, sequence if sequence > 0 else length + 1) in found
        assert {one.object_id for one in found} <= {key, keys["comment"], keys["gone"]}


@pytest.mark.parametrize(
    ("kind", "table", "key"),
    [
        ("ticket", "tickets", "id"), ("silence", "silences", "id"),
        ("declaration", "history_heads", "object_id"), ("user", "history_heads", "object_id"),
    ],
)  # fmt: skip
async def test_a_history_whose_end_was_cut_with_or_without_its_head_is_found(
    database: str, kind: str, table: str, key: str
) -> None:
    async with World(database) as world:
        keys = await written(world)
        one, head = keys.get(kind, f"{kind}_1"), "head" if key == "object_id" else "history_head"
        length = "length" if key == "object_id" else "history_length"
        where = f"WHERE {key}::text = '{one}'"
        before = (await world.rows(f"SELECT {head} AS head, {length} FROM {table} {where}"))[0]
        await world.rows("ALTER TABLE history DISABLE TRIGGER ALL")
        last = f"kind = '{kind}' AND object_id = '{one}' AND sequence = {before[length]}"
        await world.rows(f"DELETE FROM history WHERE {last}")
        cut = Broken(kind, one, before[length])
        assert cut in await broken_histories(world.database, 1)
        await world.rows(
            f"UPDATE {table} SET {head} = (SELECT hash FROM history WHERE kind = '{kind}'"
            f" AND object_id = '{one}' ORDER BY sequence DESC LIMIT 1) {where}"
        )
        assert cut in await broken_histories(world.database, 1), "its length disagrees"


async def test_a_head_that_is_gone_and_an_entry_of_nothing_are_found(database: str) -> None:
    async with World(database) as world:
        await written(world)
        await world.rows("DELETE FROM history_heads WHERE kind = 'token'")
        await world.rows(
            "INSERT INTO history (tenant_id, kind, object_id, sequence, at, actor, field, comment,"
            " hash) VALUES (1, 'ticket', 'tk_none', 1, now(), 'x', 'status', '', ''),"
            " (1, 'silence', 'none', 1, now(), 'x', 'status', '', '')"
        )
        assert await broken_histories(world.database, 1) == [
            Broken("silence", "none", 1), Broken("ticket", "tk_none", 1),
            Broken("token", "token_1", 1),
        ]  # fmt: skip


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE comments SET body = 'three' WHERE id = '{comment}'",
        "UPDATE comments SET salt = sha256(salt) WHERE id = '{comment}'",
        "UPDATE comment_revisions SET body = 'none' WHERE comment_id = '{comment}'",
        "DELETE FROM comment_revisions WHERE comment_id = '{comment}'",
        "INSERT INTO comment_revisions SELECT tenant_id, ticket_id, comment_id, number + 1, body,"
        " salt, at FROM comment_revisions WHERE comment_id = '{comment}'",
    ],
)
async def test_every_change_of_a_comments_text_is_found(database: str, tampering: str) -> None:
    async with World(database) as world:
        keys = await written(world)
        await world.rows(tampering.format_map(keys))
        found = await broken_histories(world.database, 1)
        assert found == [Broken("comment", keys["comment"], 3)]


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM comments WHERE id = '{gone}'",
        "UPDATE comments SET retracted_at = NULL, body = 'oh no' WHERE id = '{gone}'",
        "INSERT INTO comment_revisions SELECT tenant_id, ticket_id, id, 1, 'oh no', salt, at"
        " FROM comments WHERE id = '{gone}'",
    ],
)
async def test_a_retracted_comment_that_is_not_there_or_says_something_is_found(
    database: str, tampering: str
) -> None:
    async with World(database) as world:
        keys = await written(world)
        await world.rows(tampering.format_map(keys))
        found = await broken_histories(world.database, 1)
        assert found == [Broken("comment", keys["gone"], 5)]


async def test_a_comment_that_nobody_wrote_is_found(database: str) -> None:
    async with World(database) as world:
        await written(world)
        await world.rows(
            "INSERT INTO comments (tenant_id, ticket_id, id, author, visibility, body, salt, at)"
            " SELECT 1, id, 'c_forged', 'u_1', 'internal', 'I said so', '', now() FROM tickets"
        )
        assert await broken_histories(world.database, 1) == [Broken("comment", "c_forged", 1)]
