"""How the way of an alert looks."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.alerts.outcome import Outcome
from gateway.alerts.rule import Rule
from gateway.alerts.severity import Severity
from gateway.intake.explain import Explanation, NearMiss, Rehearsed
from gateway.tickets.ticket import TicketStatus
from gateway.web.views.alert import ShownAlert
from gateway.web.views.intake import ShownRejected
from gateway.web.views.silence import ShownSilence, show_silence
from gateway.web.views.words import Count, Fingerprint, Labels, TicketId, about
from matchers import render


class ShownRule(Struct, frozen=True, kw_only=True, gc=False):
    """The rule that takes the alert."""

    name: str
    match: Annotated[str, about("Empty if it takes every alert.")]
    window_seconds: Annotated[float, Meta(gt=0)]
    group_by: list[str]


class NearSilence(Struct, frozen=True, kw_only=True, gc=False):
    """A silence that nearly hides the alert."""

    silence: ShownSilence
    failed: Annotated[list[str], Meta(min_length=1), about("The matchers that fail.")]


class ForeseenTicket(Struct, frozen=True, kw_only=True, gc=False):
    """The ticket as it would be then."""

    id: Annotated[TicketId | None, about("Null if it would be opened.")]
    new: bool
    title: str
    status: TicketStatus
    priority: Severity


class ShownExplanation(Struct, frozen=True, kw_only=True, gc=False):
    """The way of one alert, if it were taken in now."""

    index: Annotated[Count, about("Its place in the body.")]
    status: Literal["firing", "resolved"]
    labels: Annotated[Labels, about("All of them, cleaned.")]
    severity: Severity
    strand: Fingerprint
    fingerprint: Fingerprint
    rule: ShownRule
    merge_key: Annotated[Fingerprint, about("What the ticket's window is known by.")]
    silenced_by: list[ShownSilence]
    nearest_silences: Annotated[
        list[NearSilence],
        Meta(max_length=3),
        about("Active silences that nearly hide it, and the matchers that fail."),
    ]
    outcome: Outcome
    quiet_until: Annotated[
        datetime | None, about("Of what a person has quieted: until then it makes no ticket.")
    ]
    ticket: Annotated[ForeseenTicket | None, about("As it would be then.")]


class ExplainedBody(Struct, frozen=True, kw_only=True, gc=False):
    """One item per alert, in the body's order."""

    items: list[ShownExplanation]
    rejected: list[ShownRejected]


class ExplainedAlert(Struct, frozen=True, kw_only=True, gc=False):
    """An alert and its way."""

    alert: ShownAlert
    items: list[ShownExplanation]
    rejected: list[ShownRejected]


def show_explanation(one: Explanation, now: datetime) -> ShownExplanation:
    """With the state of its silences at *now*."""
    identity = one.identity
    return ShownExplanation(
        index=one.index,
        status="firing" if one.firing else "resolved",
        labels=dict(one.labels),
        severity=identity.severity,
        strand=identity.strand.hex(),
        fingerprint=identity.fingerprint.hex(),
        rule=_rule(identity.rule),
        merge_key=identity.merge_key.hex(),
        silenced_by=[show_silence(silence, now) for silence in one.silenced_by],
        nearest_silences=[_near(miss, now) for miss in one.near_misses],
        outcome=one.rehearsed.outcome,
        quiet_until=one.rehearsed.quiet_until,
        ticket=_ticket(one.rehearsed),
    )


def _rule(rule: Rule) -> ShownRule:
    return ShownRule(
        name=rule.name,
        match=render(tuple(rule.matchers)) if rule.matchers else "",
        window_seconds=rule.window.total_seconds(),
        group_by=list(rule.group_by),
    )


def _near(miss: NearMiss, now: datetime) -> NearSilence:
    failed = [str(matcher) for matcher in miss.failed]
    return NearSilence(silence=show_silence(miss.silence, now), failed=failed)


def _ticket(rehearsed: Rehearsed) -> ForeseenTicket | None:
    ticket = rehearsed.ticket
    if ticket is None:
        return None
    return ForeseenTicket(
        id=None if rehearsed.opened else ticket.id,
        new=rehearsed.opened,
        title=ticket.title,
        status=ticket.status,
        priority=ticket.priority,
    )
