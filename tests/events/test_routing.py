"""Each outside hears of the events that it asked for, of the ticket as it was then."""

import orjson

from gateway.alerts.severity import Severity
from gateway.changes.change import finish
from gateway.events.event import EventType, PlacedEvent
from gateway.events.routing import Route, messages
from gateway.tickets.change import open_ticket, resolve_by_system
from tests.alerts.identities import at
from tests.tickets.tickets import ticket

ALL = frozenset(EventType)
TICKET = ticket(labels=b'{"team":"x"}', follows="tk_0", number=7)


def told() -> list[PlacedEvent]:
    """A ticket was opened, and then resolved."""
    return finish([open_ticket(TICKET), resolve_by_system(TICKET, at(5), "over")]).events


def test_every_sink_hears_of_the_events_it_wants_in_order() -> None:
    routes = [
        Route("all", ALL),
        Route("ends", frozenset({EventType.TICKET_RESOLVED})),
        Route("deaf", ALL - ALL),
    ]
    sent = messages(told(), 3, routes)
    assert [(one.sink, one.type) for one in sent] == [
        ("all", "ticket.created"), ("all", "ticket.resolved"), ("ends", "ticket.resolved"),
        ("all", "ticket.status_changed"),
    ]  # fmt: skip
    assert {(one.tenant, one.subject) for one in sent} == {(3, "tk_1")}
    assert [one.created_at for one in sent] == [at(0), at(5), at(5), at(5)]


def test_a_message_shows_the_ticket_as_it_was_when_it_happened() -> None:
    sent = messages(told(), 3, [Route("all", ALL)])
    shown = [orjson.loads(orjson.dumps(one.payload))["ticket"] for one in sent]
    assert [(one["status"], one["version"]) for one in shown] == [
        ("open", 1),
        ("resolved", 2),
        ("resolved", 2),
    ]


def test_an_event_has_data_of_its_own_and_its_place_in_the_history() -> None:
    opened, resolved, _ = [one.payload() for one in told()]
    assert (opened["sequence"], opened["by"], opened["comment"]) == ("1", "system", "")
    assert (resolved["sequence"], resolved["from"], resolved["to"]) == ("2", "open", "resolved")
    assert (resolved["by"], resolved["comment"]) == ("system", "over")


def test_each_message_has_an_id_of_its_own_that_sorts_by_time() -> None:
    sent = messages(told(), 3, [Route("a", ALL), Route("b", ALL)])
    ids = [one.id for one in sent]
    assert len(set(ids)) == 6
    assert max(ids[:2]) < min(ids[2:])


def test_without_sinks_there_is_nothing_to_send() -> None:
    assert messages(told(), 3, []) == []


def test_a_summary_is_plain_json() -> None:
    shown = TICKET.told()["ticket"]
    assert orjson.loads(orjson.dumps(shown)) == shown
    assert shown == {
        "id": "tk_1",
        "number": 7,
        "title": "Disk full on db1",
        "status": "open",
        "priority": Severity.MEDIUM.value,
        "rule": "",
        "labels": {"team": "x"},
        "assignee": "",
        "follows": "tk_0",
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
        "version": 1,
    }
