"""Nouns go to their tables and come back, and nothing lists their columns a second time."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text, select

from gateway.alerts.alert import Alert, AlertStatus
from gateway.alerts.rule import AutoResolve, Rule
from gateway.alerts.severity import Severity
from gateway.effects.tickets.ticket import ticket_for
from gateway.effects.working_set import WorkingSet
from gateway.moments import FOREVER
from gateway.storage.postgres.kernel import rows
from gateway.storage.postgres.kernel.connect import PIPELINE, connect, create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.kernel.stored import Stored
from gateway.tickets.ticket import Level, PriorityBy, Ticket, TicketStatus, TicketType
from gateway.windows.claims import Claim
from gateway.windows.strand import Strand
from gateway.windows.window import Window
from tests.world import START, World, at, firing

NOUNS: list[Stored[Any]] = [one for one in vars(rows).values() if isinstance(one, Stored)]
LOCKED = [one for one in NOUNS if one.lock_order is not None]
KEY = b"k" * 16

BARE = [
    Window(KEY, "rule", timedelta(minutes=30), AutoResolve.UNCLAIMED),
    Alert(KEY, b"{}", b"{}", Severity.LOW, "rule", KEY, START),
    Strand(KEY, KEY, b"{}", Severity.LOW, START, START),
    Ticket(id="tk", title="CPU", priority=Severity.LOW, requester="anna",
           created_at=START, updated_at=START),
]  # fmt: skip
FULL = [
    Window(KEY, "rule", timedelta(minutes=30), AutoResolve.UNCLAIMED, at(0), at(1), 2, "tk"),
    Alert(
        KEY, b'{"a": "b"}', b'{"c": "d"}', Severity.HIGH, "rule", KEY, START, AlertStatus.FIRING,
        True, True, "tk", at(1), at(2), FOREVER, 3, None, 4,
    ),
    Strand(
        KEY, KEY, b'{"a": "b"}', Severity.HIGH, START, at(9), at(1), at(2), at(3), at(4),
        (Claim(None, at(5), FOREVER), Claim(at(5), at(6), at(7))), at(6), at(3), at(5), at(7),
        True, False, True, 8, "opened", 9,
    ),
    Ticket(
        id="tk", number=7, title="CPU", description="hot", status=TicketStatus.RESOLVED,
        status_before=TicketStatus.PENDING, priority=Severity.HIGH, workflow="other",
        rule="rule", labels=b'{"a": "b"}', merge_key=KEY, follows="before", requester="anna",
        assignee="ben", assignee_group="db", episodes=1, flaps=2, firing=3, silenced=4,
        unconfirmed=5, created_at=at(1), updated_at=at(2), acknowledged_at=at(3),
        first_response_at=at(4), resolved_at=at(5), closed_at=at(6), version=8, history_length=9,
        history_head=b"head", type=TicketType.CHANGE, state="draft", state_before="planned",
        priority_by=PriorityBy.PERSON, severity=Severity.LOW, impact=Level.HIGH,
        urgency=Level.LOW, major=True, workflow_version=2, workflow_before="change",
        project="OPS", catalog_item="laptop", custom=b'{"c": 1}', duplicate_of="first",
        resolution="done", resolution_note="turned off", resolved_by="u_1", close_at=at(7),
    ),
]  # fmt: skip


def named(call: Sequence[Any]) -> set[str]:
    """The columns that an INSERT names."""
    found = re.match(r"INSERT INTO \w+ \(([\w, ]+)\)", call[0])
    assert found is not None
    return set(found[1].split(", "))


def stored_of(noun: object) -> Stored[Any]:
    return next(one for one in NOUNS if one.kind is type(noun))


@pytest.mark.parametrize("noun", [*BARE, *FULL], ids=lambda noun: type(noun).__name__)
async def test_a_noun_comes_back_as_it_was_stored(database: str, noun: Any) -> None:
    stored = stored_of(noun)
    key = getattr(noun, stored.found_by or stored.key[0])
    connection = await connect(database, purpose=PIPELINE)
    engine = create_engine(database)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.tenant', '1', true)")
            await connection.execute(*stored.insert(1, [noun]))
            (found,) = await connection.fetch(*stored.lock(1, [key]))
            assert stored.read(found) == noun
        async with Database(engine).tenant(1) as transaction:
            (found,) = await transaction.driver.fetch(*stored.lock(1, [key]))
            assert stored.read(found) == noun, "through the pool's connections too"
            (row,) = await transaction.connection.execute(select(*stored.selected()))
            assert stored.read(row._mapping) == noun, "and through queries"
    finally:
        await connection.close()
        await engine.dispose()


@pytest.mark.parametrize(
    ("bare", "full"), [*zip(BARE, FULL, strict=True)], ids=lambda one: type(one).__name__
)
async def test_an_update_writes_everything_but_what_is_fixed(
    database: str, bare: Any, full: Any
) -> None:
    stored = stored_of(bare)
    connection = await connect(database, purpose=PIPELINE)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.tenant', '1', true)")
            await connection.execute(*stored.insert(1, [bare]))
            await connection.execute(*stored.update(1, [full]))
            key = getattr(bare, stored.found_by or stored.key[0])
            (found,) = await connection.fetch(*stored.lock(1, [key]))
    finally:
        await connection.close()
    kept = {name: getattr(bare, name) for name in stored.fixed}
    assert stored.read(found) == msgspec.structs.replace(full, **kept)


def test_an_insert_names_only_the_columns_that_its_rows_set() -> None:
    bare, full = BARE[-1], FULL[-1]
    only = named(rows.TICKETS.insert(1, [bare]))
    assert only == {
        "tenant_id", "id", "number", "title", "status", "priority", "requester", "created_at",
        "updated_at", "version", "history_length", "history_head",
    }  # fmt: skip
    assert named(rows.TICKETS.insert(1, [full])) == {"tenant_id", *rows.TICKETS.columns}
    described = msgspec.structs.replace(bare, description="hot")
    assert named(rows.TICKETS.insert(1, [bare, described])) == {*only, "description"}


def test_an_alerts_ticket_names_its_severity_and_of_what_the_rule_says_only_what_differs() -> None:
    alert = BARE[1]
    plain = ticket_for(WorkingSet(1), alert, Rule("rule"), "system", START, follows=None)
    names = named(rows.TICKETS.insert(1, [plain]))
    assert names == named(rows.TICKETS.insert(1, [BARE[-1]])) | {
        "severity", "rule", "merge_key", "workflow",
    }  # fmt: skip
    weighed = ticket_for(
        WorkingSet(1), alert, Rule("r", impact=Level.HIGH), "system", START, follows=None
    )
    assert named(rows.TICKETS.insert(1, [weighed])) == {*names, "impact"}


def test_a_statement_of_the_same_columns_is_made_once() -> None:
    first, again = (rows.TICKETS.insert(1, [FULL[-1]])[0] for _ in range(2))
    assert first is again


async def test_what_an_insert_leaves_out_the_database_sets_to_the_nouns_own_default(
    owner: asyncpg.Connection,
) -> None:
    for stored in NOUNS:
        for name, default in stored.omitted.items():
            expression = await owner.fetchval(
                "SELECT column_default FROM information_schema.columns"
                " WHERE table_name = $1 AND column_name = $2",
                stored.table.name, name,
            )  # fmt: skip
            own = await owner.fetchval(f"SELECT {expression or 'NULL'}")
            assert own == default, f"{stored.table.name}.{name}"


def test_a_field_that_no_column_would_hold_is_refused() -> None:
    class Kettle(msgspec.Struct):
        name: str
        room: str

    table = Table("kettles", MetaData(), Column("tenant_id", Integer), Column("name", Text))
    with pytest.raises(TypeError, match="kettles has no column for room"):
        Stored(Kettle, table, key=("name",))


def test_a_columns_type_follows_from_the_field() -> None:
    class Kettle(msgspec.Struct):
        key: bytes
        worst: Severity | None = None

    columns = Column("tenant_id", Integer), Column("key", LargeBinary), Column("worst", Text)
    stored = Stored(Kettle, Table("kettles", MetaData(), *columns), key=("key",))
    assert stored.read({"key": b"k", "worst": "high"}).worst is Severity.HIGH
    assert stored.read({"key": b"k", "worst": None}).worst is None


def test_a_struct_within_another_lies_in_the_same_row() -> None:
    class Lid(msgspec.Struct):
        color: str

    class Kettle(msgspec.Struct):
        key: str
        lid: Lid

    columns = [Column("tenant_id", Integer), Column("key", Text), Column("color", Text)]
    table = Table("kettles", MetaData(), *columns)
    with pytest.raises(TypeError, match="kettles has no column for lid"):
        Stored(Kettle, table, key=("key",))
    stored = Stored(Kettle, table, key=("key",), within={"lid": Lid})
    kettle = Kettle("k", Lid("red"))
    assert stored.read({"key": "k", "color": "red"}) == kettle
    assert stored.insert(1, [kettle])[1:] == [1, ["k"], ["red"]]


async def test_a_transaction_locks_in_one_order(database: str) -> None:
    places = {stored.lock(1, [])[0]: stored.lock_order for stored in LOCKED}
    assert len(set(places.values())) == len(LOCKED) == 5
    seen: list[asyncpg.LoggedQuery] = []
    async with World(database) as world:
        await world.send(firing())
        connection = world.ledger._connection  # noqa: SLF001  what is said on it is heard
        assert connection is not None
        connection.add_query_logger(seen.append)
        world.now = datetime(2026, 1, 1, 13, tzinfo=UTC)
        await world.send(firing("Disk"), firing(began=50))
    order = [places[one.query] for one in seen if one.query in places]
    met = set(places.values()) - {rows.SILENCES.lock_order}
    assert set(order) == met, "the test has met all but silences, which no sighting locks"
    assert order == sorted(order)
