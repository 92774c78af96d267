"""How alerts and tickets look in answers: the API's field names, in one place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson

from gateway.alerts.view import AlertView
from gateway.history.chain import Entry
from gateway.silences.book import TenantSilences
from gateway.silences.silence import Silence
from gateway.tickets.ticket import Ticket
from gateway.tickets.view import TicketView
from matchers import Matcher, render


def alert(view: AlertView, silences: TenantSilences, now: datetime) -> dict[str, object]:
    """An alert; *silences* are those of its tenant."""
    sources = [
        {
            "name": source.name,
            "fingerprint": source.fingerprint,
            "url": source.url,
            "last_seen": source.last_seen,
        }
        for strand in view.strands
        for source in strand.sources
    ]
    return {
        "fingerprint": view.fingerprint,
        "labels": view.labels,
        "annotations": view.annotations,
        "severity": view.severity,
        "status": view.status,
        "triage": view.triage,
        "sources": sources,
        "starts_at": view.starts_at,
        "ends_at": view.ends_at,
        "first_seen": view.first_seen,
        "last_seen": view.last_seen,
        "occurrences": sum(strand.occurrences for strand in view.strands),
        "episodes": view.episodes,
        "silenced_by": _silenced_by(view, silences, now),
        "last_outcome": view.last_outcome,
        "rule": view.rule,
        "ticket_id": view.ticket_id,
    }


def _silenced_by(view: AlertView, silences: TenantSilences, now: datetime) -> list[str]:
    """Silences that hide it now: those of its strands, if every one that fires is hidden."""
    if silences.empty:
        return []
    firing = [strand for strand in view.strands if strand.fires] or list(view.strands)
    hiding: list[list[UUID]] = [silences.active_ids(dict(strand.labels), now) for strand in firing]
    if not all(hiding):
        return []
    return sorted({str(key) for keys in hiding for key in keys})


def ticket(view: TicketView) -> dict[str, object]:
    """A ticket as in lists."""
    one = view.ticket
    return {
        **fields(one),
        "occurrences": view.occurrences,
        "window": None
        if view.opened_at is None
        else {"opened_at": view.opened_at, "ends_at": view.ends_at},
    }


def fields(one: Ticket) -> dict[str, object]:
    """What a ticket itself says."""
    return {
        "id": one.id,
        "number": one.number,
        "title": one.title,
        "description": one.description,
        "status": one.status,
        "priority": one.priority,
        "workflow": one.workflow,
        "rule": one.rule,
        "labels": orjson.loads(one.labels),
        "episodes": one.episodes,
        "flaps": one.flaps,
        "firing": one.firing,
        "silenced": one.silenced,
        "unconfirmed": one.unconfirmed,
        "requester": one.requester,
        "assignee": one.assignee,
        "assignee_group": one.assignee_group,
        "sla": None,
        "follows": one.follows,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "resolved_at": one.resolved_at,
        "closed_at": one.closed_at,
        "version": one.version,
    }


def history(entry: Entry) -> dict[str, object]:
    """One changed field."""
    return {
        "at": entry.at,
        "actor": entry.actor,
        "field": entry.field,
        "from": entry.old,
        "to": entry.new,
        "comment": entry.comment,
    }


def silence(one: Silence, now: datetime) -> dict[str, object]:
    """A silence with its state at *now*."""
    return {
        "id": str(one.id),
        "matchers": render(one.matchers),
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "author": one.author,
        "comment": one.comment,
        "state": one.state(now),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


def matchers(given: Sequence[Matcher]) -> str:
    """Matchers as people write them; empty if there are none."""
    return render(tuple(given)) if given else ""
