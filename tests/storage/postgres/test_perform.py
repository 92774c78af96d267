"""The one door: commands are whole or not at all, done once under a key, and end as the ledger's
batches do.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.alerts.rule import Rule
from gateway.alerts.severity import Severity
from gateway.changes.command import Needs, StaleVersion
from gateway.clock import system_clock
from gateway.desk.change_ticket import ChangeTicket, StepTicket
from gateway.desk.open_ticket import OpenTicket, OpenTicketOfAlert
from gateway.desk.silence import BeginSilence, EditSilence, EndSilence
from gateway.effects.working_set import WorkingSet
from gateway.errors import Forbidden, NotFound, Refused
from gateway.events.event import EventType
from gateway.events.routing import Route
from gateway.silences.change import begin_silence
from gateway.silences.silence import Silence
from gateway.storage.postgres.kernel.connect import PIPELINE, connect
from gateway.storage.postgres.kernel.perform import Door
from gateway.storage.postgres.kernel.save import save
from gateway.storage.postgres.kernel.working_set import enter_tenant, load_working_set
from gateway.storage.postgres.queries.audit import broken_histories
from gateway.storage.postgres.schema.migrate import migrate
from gateway.tickets.change import open_ticket
from gateway.tickets.edit import edit_ticket
from gateway.tickets.ticket import Ticket, TicketStatus
from matchers import parse
from tests.world import START, World, at, firing, resolved

ANNA = Principal(1, "local:anna", Role.ADMIN)
BOB = Principal(1, "local:bob", Role.ADMIN)
ALL = [Route("hook", frozenset(EventType))]


def door(world: World, routes: Sequence[Route] = ()) -> Door:
    return Door(world.database, routes, world.rule_named, world.silences.refresh)


# ------------------------------------------------------------------ whole or not at all


async def test_a_step_that_is_refused_takes_the_edit_beside_it_along(database: str) -> None:
    async with World(database) as world:
        ticket = await door(world).perform(OpenTicket(title="Disks"), ANNA)
        command = ChangeTicket(
            ticket_id=ticket.id, fields={"assignee": "anna"}, to=TicketStatus.CLOSED
        )
        with pytest.raises(Forbidden):
            await door(world).perform(command, ANNA)
        assert [(one["assignee"], one["version"]) for one in await world.all_tickets()] == [("", 1)]


async def test_a_step_and_an_edit_at_once_are_one_change_of_two_entries(database: str) -> None:
    async with World(database) as world:
        ticket = await door(world).perform(OpenTicket(title="Disks"), ANNA)
        command = ChangeTicket(
            ticket_id=ticket.id, fields={"assignee": "anna"}, to=TicketStatus.IN_PROGRESS,
            version=ticket.version,
        )  # fmt: skip
        after = await door(world).perform(command, ANNA)
        assert (after.status, after.assignee, after.history_length) == ("in_progress", "anna", 3)
        rows = await world.rows("SELECT DISTINCT applied FROM history WHERE sequence > 1")
        assert len(rows) == 1, "one transaction"


async def test_a_version_that_was_not_seen_is_refused(database: str) -> None:
    async with World(database) as world:
        ticket = await door(world).perform(OpenTicket(title="Disks"), ANNA)
        with pytest.raises(StaleVersion):
            await door(world).perform(
                StepTicket(ticket_id=ticket.id, to=TicketStatus.RESOLVED, version=7), ANNA
            )


async def test_an_alert_that_joins_leaves_the_version_as_the_person_has_seen_it(
    database: str,
) -> None:
    rule = Rule(name="all", group_by=("team",))
    async with World(database, rules=[rule]) as world:
        await world.send(firing(team="x"))
        [seen] = await world.all_tickets()
        for number in range(3):
            world.now = at(1 + number)
            await world.send(*(firing(f"Disk{number}{one}", team="x") for one in "abc"))
        [now] = await world.all_tickets()
        assert (now["version"], now["updated_at"]) == (seen["version"], seen["updated_at"])
        assert now["firing"] == 10
        joins = await world.rows("SELECT new FROM history WHERE field = 'alerts'")
        assert [one["new"] for one in joins] == ["3 alerts"] * 3, "one entry a batch"
        command = StepTicket(
            ticket_id=seen["id"], to=TicketStatus.IN_PROGRESS, version=seen["version"]
        )
        after = await door(world).perform(command, ANNA)
        assert after.status == "in_progress"


async def test_what_is_named_and_not_there_is_not_found(database: str) -> None:
    async with World(database) as world:
        for command in (
            StepTicket(ticket_id="tk_none", to=TicketStatus.RESOLVED),
            OpenTicketOfAlert(fingerprint=bytes(16)),
            EndSilence(silence_id=uuid4()),
        ):
            with pytest.raises(NotFound):
                await door(world).perform(command, ANNA)


async def test_a_role_without_the_permission_is_refused_before_anything_is_looked_at(
    database: str,
) -> None:
    async with World(database) as world:
        with pytest.raises(Forbidden):
            await door(world).perform(
                StepTicket(ticket_id="tk_none", to=TicketStatus.RESOLVED),
                Principal(1, "system", Role.SYSTEM),
            )


async def test_the_moment_of_a_command_is_postgresqls(database: str) -> None:
    async with World(database) as world:
        before = (await world.rows("SELECT clock_timestamp() AS now"))[0]["now"]
        ticket = await door(world).perform(OpenTicket(title="Disks"), ANNA)
        after = (await world.rows("SELECT clock_timestamp() AS now"))[0]["now"]
        assert before <= ticket.created_at <= after


async def test_a_journal_that_is_applied_late_moves_a_tickets_times_no_further_back(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing())
        [ticket] = await world.all_tickets()
        taken = await door(world).perform(
            StepTicket(ticket_id=ticket["id"], to=TicketStatus.IN_PROGRESS), ANNA
        )
        world.now = at(5)  # long before the step, which was made by PostgreSQL's clock
        await world.send(resolved(ended=5))
        [after] = await world.all_tickets()
        assert after["status"] == "resolved"
        assert after["resolved_at"] == after["updated_at"] == taken.updated_at
        moments = await world.rows("SELECT at FROM history ORDER BY sequence")
        assert [one["at"] for one in moments] == sorted(one["at"] for one in moments)


# ------------------------------------------------------------------ once under a key


async def test_a_request_under_a_key_is_done_once_and_answered_again(database: str) -> None:
    async with World(database) as world:
        command = OpenTicket(title="Disks", labels={"team": "x"})
        asked = [door(world).perform(command, ANNA, "k1") for _ in range(10)]
        answers = await asyncio.gather(*asked)
        assert len({one.id for one in answers}) == 1
        assert answers == [answers[0]] * 10
        assert len(await world.all_tickets()) == 1


async def test_the_same_key_for_another_request_is_refused_and_anothers_key_is_another(
    database: str,
) -> None:
    async with World(database) as world:
        await door(world).perform(OpenTicket(title="Disks"), ANNA, "k1")
        with pytest.raises(Refused) as refused:
            await door(world).perform(OpenTicket(title="Fans"), ANNA, "k1")
        assert refused.value.code == "key_reused"
        await door(world).perform(OpenTicket(title="Fans"), BOB, "k1")
        assert [one["title"] for one in await world.all_tickets()] == ["Disks", "Fans"]


async def test_a_key_whose_request_failed_is_free(database: str) -> None:
    async with World(database) as world:
        step = StepTicket(ticket_id="tk_none", to=TicketStatus.RESOLVED)
        with pytest.raises(NotFound):
            await door(world).perform(step, ANNA, "k1")
        await door(world).perform(OpenTicket(title="Disks"), ANNA, "k1")


async def test_every_kind_of_answer_comes_back_as_it_was_given(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        fingerprint = (await world.rows("SELECT fingerprint FROM alerts"))[0]["fingerprint"]
        one = door(world)
        ends = system_clock() + timedelta(hours=1)
        silence = await one.perform(BeginSilence(matchers='{a="b",c=~"d.*"}', ends_at=ends), ANNA)
        for number, command in enumerate(
            (
                OpenTicketOfAlert(fingerprint=fingerprint),
                BeginSilence(matchers='{a="b",c!~"d"}', ends_at=ends),
                EditSilence(silence_id=silence.id, comment="x"),
                EndSilence(silence_id=silence.id),
            )
        ):
            first: Any = await one.perform(command, ANNA, f"k{number}")
            again = await one.perform(command, ANNA, f"k{number}")
            assert again == first


async def test_a_key_is_free_again_after_a_day(database: str) -> None:
    async with World(database) as world:
        await door(world).perform(OpenTicket(title="Disks"), ANNA, "k1")
        await world.rows("UPDATE idempotency SET at = at - interval '25 hours'")
        await door(world).perform(OpenTicket(title="Fans"), ANNA, "k1")
        assert len(await world.all_tickets()) == 2


# ------------------------------------------------------------------ silences by the same way


async def test_silences_have_history_and_events_and_chains_that_verify(database: str) -> None:
    async with World(database) as world:
        ends = system_clock() + timedelta(hours=1)
        one = door(world, ALL)
        silence = await one.perform(BeginSilence(matchers='{a="b"}', ends_at=ends), ANNA)
        await one.perform(EditSilence(silence_id=silence.id, comment="longer"), BOB)
        await one.perform(EndSilence(silence_id=silence.id), ANNA)
        sent = await world.rows("SELECT type, subject, payload FROM outbox ORDER BY sequence")
        assert [(row["type"], row["subject"]) for row in sent] == [
            ("silence.created", str(silence.id)), ("silence.expired", str(silence.id)),
        ]  # fmt: skip
        payload = msgspec.json.decode(sent[1]["payload"])
        assert payload["by"] == "local:anna"
        assert payload["silence"]["matchers"] == '{a="b"}'
        assert payload["sequence"] == "3"
        rows = await world.rows("SELECT actor, field FROM history ORDER BY sequence")
        assert [(row["actor"], row["field"]) for row in rows] == [
            ("local:anna", "matchers"), ("local:bob", "comment"), ("local:anna", "ends_at"),
        ]  # fmt: skip
        assert await broken_histories(world.database, 1) == []


# ------------------------------------------------------------------ one end for ledger and door


class _Made(msgspec.Struct, frozen=True):
    """The changes that a test feeds through both."""

    permission: ClassVar[Permission] = Permission.TICKETS_CREATE
    answers: ClassVar[type] = Ticket

    ticket: Ticket
    silence: Silence

    def needs(self) -> Needs:
        return Needs()

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Ticket:
        _change(rows, self.ticket, self.silence)
        return rows.tickets[self.ticket.id]


def _change(rows: WorkingSet, ticket: Ticket, silence: Silence) -> None:
    rows.save(open_ticket(ticket, "because"))
    edited = edit_ticket(ticket, {"assignee": "anna", "priority": "high"}, "local:anna", at(3))
    assert edited is not None
    rows.save(edited)
    rows.join(ticket.id, b"\x01" * 16, at(4))
    rows.join(ticket.id, b"\x02" * 16, at(5))
    rows.save(begin_silence(silence, "local:anna", None))


TABLES = ("tickets", "silences", "history", "outbox", "history_heads")
CHANCE = {"salt", "hash", "history_head", "applied", "id_of_message", "head"}


async def test_the_same_change_writes_the_same_rows_by_the_ledger_and_by_the_door(
    database: str, empty_database: str
) -> None:
    await migrate(empty_database, progress=lambda _: None)
    ticket = Ticket(
        id="tk_1", title="Disks", priority=Severity.LOW, requester="local:anna",
        created_at=START, updated_at=START,
    )  # fmt: skip
    silence = Silence(
        id=uuid4(), matchers=parse('{a="b"}'), starts_at=START, ends_at=at(60), author="anna",
        comment="", created_at=START, updated_at=START,
    )  # fmt: skip
    async with World(database) as world, World(empty_database) as other:
        clocked = Door(world.database, ALL, world.rule_named, world.silences.refresh, lambda: at(9))
        await clocked.perform(_Made(ticket, silence), ANNA)
        await _by_ledger(empty_database, ticket, silence)
        for table in TABLES:
            assert await _comparable(world, table) == await _comparable(other, table), table
        assert await broken_histories(world.database, 1) == []
        assert await broken_histories(other.database, 1) == []


async def _by_ledger(url: str, ticket: Ticket, silence: Silence) -> None:
    connection: asyncpg.Connection = await connect(url, purpose=PIPELINE)
    try:
        async with connection.transaction():
            await enter_tenant(connection, 1)
            rows = await load_working_set(connection, 1, ())
            _change(rows, ticket, silence)
            await save(connection, rows, ALL, int(at(9).timestamp() * 1_000_000))
    finally:
        await connection.close()


async def _comparable(world: World, table: str) -> list[dict[str, Any]]:
    rows = await world.rows(f"SELECT * FROM {table}")
    chance = CHANCE | ({"id", "sequence"} if table == "outbox" else set())
    cleaned = [{name: row[name] for name in row.keys() - chance} for row in rows]
    return sorted(cleaned, key=repr)


async def test_in_a_restored_database_what_is_written_comes_after_all_that_it_holds(
    database: str,
) -> None:
    async with World(database) as world:
        await door(world).perform(OpenTicket(title="Before"), ANNA)
        await world.rows("ALTER TABLE history DISABLE TRIGGER history_rows_stay")
        await world.rows(
            "UPDATE history SET applied = applied + 1000000000"
        )  # as of another server
        await world.rows("ALTER TABLE history ENABLE TRIGGER history_rows_stay")
        await migrate(database, progress=lambda _: None)
        await door(world).perform(OpenTicket(title="After"), ANNA)
        rows = await world.rows("SELECT object_id, applied FROM history ORDER BY applied")
        tickets = await world.all_tickets()
        assert [row["object_id"] for row in rows] == [one["id"] for one in tickets]
        before = rows[-1]["applied"]
        await migrate(database, progress=lambda _: None)
        offset = await world.rows("SELECT applied_now() AS now, xid_offset FROM installation")
        assert before < offset[0]["now"] < before + 1000, "a second time it is not raised"
