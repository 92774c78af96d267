"""Tickets through the database: windows, people's steps, silences and leases."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.alerts.rule import AutoResolve, Rule
from gateway.alerts.view import AlertFilter
from gateway.changes.command import StaleVersion
from gateway.errors import Conflict, Forbidden, NotFound
from gateway.silences.silence import Silence
from gateway.storage.postgres.queries.alerts import AlertQueries
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.upkeep.retention import Limits
from matchers import parse
from tests.world import START, World, at, firing, resolved

ADMIN = Principal(1, "local:anna", Role.ADMIN)


def silence(matchers: str, until: float, since: float = 0) -> Silence:
    return Silence(
        id=uuid4(),
        matchers=parse(matchers),
        starts_at=at(since),
        ends_at=at(until),
        author="anna",
        comment="",
        created_at=START,
        updated_at=START,
    )


async def test_within_the_window_the_same_ticket_is_reopened_and_after_it_a_new_one_follows(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing())
        world.now = at(5)
        assert await world.send(resolved(ended=5)) == {"resolved": 1}
        world.now = at(34)
        assert await world.send(firing(began=34)) == {"reopened": 1}
        world.now = at(40)
        await world.send(resolved(began=34, ended=40))
        world.now = at(71)
        assert await world.send(firing(began=71)) == {"opened": 1}
        first, second = await world.all_tickets()
    assert (first["status"], first["flaps"], first["episodes"]) == ("resolved", 1, 2)
    assert second["follows"] == first["id"]


async def test_a_reopened_ticket_returns_to_the_state_it_left(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        ticket = (await world.all_tickets())[0]["id"]
        await world.people.step(1, ticket, TicketStatus.IN_PROGRESS, "anna", at(1), "", None)
        [alert] = await AlertQueries(world.database).page(ADMIN, AlertFilter(), None, 9)
        assert alert.triage == "acknowledged"
        world.now = at(2)
        await world.send(resolved(ended=2))
        world.now = at(3)
        await world.send(firing(began=3))
        assert (await world.all_tickets())[0]["status"] == "in_progress"


async def test_a_persons_resolve_quiets_for_the_window_and_then_the_ticket_comes_back(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing())
        ticket = (await world.all_tickets())[0]["id"]
        moved = await world.people.step(
            1, ticket, TicketStatus.RESOLVED, "anna", at(1), "it is fine", None
        )
        assert moved.firing == 1, "the answer says how many still fire"
        assert await world.quiets.end(1, at(30)) == 0
        assert await world.quiets.end(1, at(32)) == 1
        found = await world.all_tickets()
        assert [(one["status"], one["flaps"]) for one in found] == [("open", 0)]


async def test_after_a_persons_close_the_next_ticket_is_a_new_one(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        ticket = (await world.all_tickets())[0]["id"]
        for status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            await world.people.step(1, ticket, status, "anna", at(1), "", None)
        await world.quiets.end(1, at(40))
        statuses = [(one["status"], one["follows"]) for one in await world.all_tickets()]
        assert statuses == [("closed", None), ("open", ticket)]


async def test_a_cancelled_ticket_quiets_until_the_episode_ends(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        ticket = (await world.all_tickets())[0]["id"]
        await world.people.step(1, ticket, TicketStatus.CANCELLED, "anna", at(1), "noise", None)
        assert await world.quiets.end(1, at(10_000)) == 0
        world.now = at(300)
        assert await world.send(firing()) == {"quieted": 1}
        world.now = at(301)
        await world.send(resolved(ended=301))
        world.now = at(302)
        assert await world.send(firing(began=302)) == {"opened": 1}


async def test_reopening_against_a_newer_live_ticket_names_it(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        world.now = at(1)
        await world.send(resolved(ended=1))
        world.now = at(60)
        await world.send(firing(began=60))
        old, new = await world.all_tickets()
        with pytest.raises(Conflict) as caught:
            await world.people.step(
                1, old["id"], TicketStatus.IN_PROGRESS, "anna", at(61), "", None
            )
        assert caught.value.extra["ticket_id"] == new["id"]


async def test_a_stale_version_and_a_forbidden_step_change_nothing(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        ticket = (await world.all_tickets())[0]["id"]
        with pytest.raises(StaleVersion):
            await world.people.edit(1, ticket, {"title": "x"}, "anna", at(1), 99)
        with pytest.raises(Forbidden):
            await world.people.step(1, ticket, TicketStatus.CLOSED, "anna", at(1), "", None)
        with pytest.raises(NotFound):
            await world.people.edit(1, "tk_none", {"title": "x"}, "anna", at(1), None)
        assert (await world.all_tickets())[0]["version"] == 1


async def test_twenty_people_asking_for_an_alerts_ticket_get_one(database: str) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname="CPU"}', 60))
        assert await world.send(firing()) == {"silenced": 1}
        fingerprint = (await world.rows("SELECT fingerprint FROM alerts"))[0]["fingerprint"]
        asked = [world.people.of_alert(1, fingerprint, "anna", at(1)) for _ in range(20)]
        answers = await asyncio.gather(*asked)
        assert sum(opened for _, opened in answers) == 1
        assert len({ticket.id for ticket, _ in answers}) == 1
        assert len(await world.all_tickets()) == 1


async def test_resolved_tickets_are_closed_by_the_system_after_a_while(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        world.now = at(1)
        await world.send(resolved(ended=1))
        assert await world.closing.close(1, at(0), at(60.9)) == 0
        assert await world.closing.close(1, at(0), at(61)) == 1
        found = (await world.all_tickets())[0]
        assert (found["status"], found["closed_at"]) == ("closed", at(61))


async def test_a_silenced_alert_gets_its_ticket_when_the_silence_ends(database: str) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname="CPU"}', 10))
        assert await world.send(firing(), firing("Disk")) == {"silenced": 1, "opened": 1}
        assert await world.verdicts.ended(1, at(9)) == []
        ended = await world.verdicts.ended(1, at(10))
        assert len(ended) == 1
        await world.verdicts.judge(1, at(10), b"", silenced=True)
        await world.verdicts.settle(1, [one.id for one in ended], at(10))
        assert [one["title"] for one in await world.all_tickets()] == ["Disk", "CPU"]
        assert await world.verdicts.ended(1, at(11)) == []


async def test_a_silence_made_between_two_batches_is_obeyed(database: str) -> None:
    async with World(database, journal="a") as world, World(database, journal="b") as other:
        await world.send(firing("Disk"))
        await other.people.silence(1, silence('{alertname="CPU"}', 60))
        assert await world.send(firing()) == {"silenced": 1}


async def test_a_record_is_judged_by_its_own_time(database: str) -> None:
    async with World(database) as world:
        await world.people.silence(1, silence('{alertname="CPU"}', 10))
        world.now = at(9)
        late = world.record([firing()])
        world.now = at(60)
        assert await world.apply(late) == {"silenced": 1}


async def test_a_lease_that_runs_out_resolves_the_ticket_if_the_source_is_heard(
    database: str,
) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4), firing("Disk", lease=60))
        assert await world.leases.end(1, at(3), START) == 0
        for minute in range(1, 7):
            world.now = at(minute)
            await world.send(firing("Disk", lease=60))
        await world.leases.end(1, at(6), START)
        statuses = {one["title"]: one["status"] for one in await world.all_tickets()}
        assert statuses == {"CPU": "resolved", "Disk": "open"}
        alerts = await world.rows("SELECT status FROM alerts ORDER BY labels->>'alertname'")
        assert [one["status"] for one in alerts] == ["expired", "firing"]


async def test_a_silent_source_is_no_recovery_until_it_is_heard_again(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        await world.leases.end(1, at(5), START)
        found = (await world.all_tickets())[0]
        assert (found["status"], found["unconfirmed"], found["firing"]) == ("open", 1, 0)
        world.now = at(20)
        await world.send(firing("Other"))
        await world.leases.confirm(1, at(20.5), b"")
        assert (await world.all_tickets())[0]["status"] == "open", "it may still be repeated"
        await world.leases.confirm(1, at(21.5), b"")
        found = (await world.all_tickets())[0]
        assert (found["status"], found["unconfirmed"]) == ("resolved", 0)


async def test_the_next_firing_revives_an_expired_alert_in_the_same_episode(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        await world.leases.end(1, at(5), START)
        world.now = at(6)
        assert await world.send(firing(lease=10)) == {"merged": 1}
        alert = (await world.rows("SELECT status, episodes FROM alerts"))[0]
        assert alert == {"status": "firing", "episodes": 1}
        assert (await world.all_tickets())[0]["unconfirmed"] == 0


async def test_no_lease_ends_within_one_lease_of_our_start(database: str) -> None:
    async with World(database) as world:
        await world.send(firing(lease=4))
        await world.leases.end(1, at(100), up_since=at(98))
        assert (await world.rows("SELECT status FROM alerts"))[0]["status"] == "firing"
        await world.leases.end(1, at(103), up_since=at(98))
        assert (await world.rows("SELECT status FROM alerts"))[0]["status"] == "expired"


async def test_a_group_has_one_ticket_that_rises_with_its_worst_alert(database: str) -> None:
    rule = Rule("payments", group_by=("team",), window=timedelta(minutes=10))
    async with World(database, rules=[rule]) as world:
        warning = firing("A", team="pay", severity="warning")
        assert await world.send(warning) == {"opened": 1}
        critical = firing("B", team="pay", severity="critical")
        assert await world.send(critical) == {"joined": 1}
        world.now = at(1)
        await world.send(resolved("B", ended=1, team="pay", severity="critical"))
        found = (await world.all_tickets())[0]
        assert (found["status"], found["priority"], found["firing"]) == ("open", "critical", 1)
        world.now = at(2)
        await world.send(resolved("A", ended=2, team="pay", severity="warning"))
        assert [one["status"] for one in await world.all_tickets()] == ["resolved"]


async def test_a_rule_may_keep_the_system_from_resolving(database: str) -> None:
    rule = Rule("careful", auto_resolve=AutoResolve.NEVER)
    async with World(database, rules=[rule]) as world:
        await world.send(firing())
        world.now = at(1)
        await world.send(resolved(ended=1))
        assert (await world.all_tickets())[0]["status"] == "open"


async def test_a_persons_own_ticket_has_a_number_and_a_history(database: str) -> None:
    async with World(database) as world:
        await world.send(firing())
        ticket = Ticket(
            id="tk_mine",
            title="Order disks",
            priority=world.rule_named("").priority or "low",  # type: ignore[arg-type]
            requester="local:anna",
            created_at=START,
            updated_at=START,
        )
        saved = await world.people.create(1, ticket, "please")
        assert saved.number == 2
        history = await world.rows("SELECT * FROM history WHERE object_id = 'tk_mine'")
        assert [(one["actor"], one["new"], one["comment"]) for one in history] == [
            ("local:anna", "open", "please")
        ]


async def test_retention_takes_out_only_what_is_long_over_and_on_no_ticket(database: str) -> None:
    async with World(database) as world:
        await world.send(resolved("Orphan", ended=-1), firing("Disk"))
        world.now = at(1)
        await world.send(resolved("Disk", ended=1))
        gone = await world.retention.forget(1, Limits(at(1000), at(1000), at(1000)))
        assert gone == 1
        left = await world.rows("SELECT labels->>'alertname' AS name FROM alerts")
        assert [one["name"] for one in left] == ["Disk"]
        for table in ("strands", "reports", "windows"):
            assert len(await world.rows(f"SELECT * FROM {table}")) == 1, table
