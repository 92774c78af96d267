"""How an alert looks."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from msgspec import Meta, Struct, structs

from gateway.alerts.alert import AlertStatus
from gateway.alerts.outcome import Outcome
from gateway.alerts.severity import Severity
from gateway.alerts.view import AlertView
from gateway.silences.book import TenantSilences
from gateway.tickets.triage import Triage
from gateway.web.views.words import (
    Count,
    Fingerprint,
    Hyperlink,
    Labels,
    Name,
    SilenceId,
    TicketId,
    Time,
    about,
)


class AlertSource(Struct, frozen=True, kw_only=True, gc=False):
    """What one source says of one strand of the alert."""

    name: Name
    fingerprint: Annotated[str, about("How the source itself names the alert; may be empty.")]
    url: Hyperlink
    last_seen: Time


class ShownAlert(Struct, frozen=True, kw_only=True, gc=False):
    """One alert: what is left of its strands once ignored labels are dropped."""

    fingerprint: Fingerprint
    labels: Annotated[Labels, about("Without those that are ignored.")]
    annotations: Labels
    severity: Severity
    status: AlertStatus
    triage: Triage
    sources: Annotated[list[AlertSource], about("One for each source and strand.")]
    starts_at: Annotated[Time | None, about("Of the last episode.")]
    ends_at: Annotated[Time | None, about("Null while it fires.")]
    first_seen: Time
    last_seen: Time
    occurrences: Annotated[Count, about("Sightings of every outcome.")]
    episodes: Annotated[Count, about("Firing periods.")]
    silenced_by: Annotated[
        list[SilenceId],
        about("Active silences that hide it, if all its firing strands are hidden."),
    ]
    last_outcome: Outcome
    rule: str
    ticket_id: TicketId | None


class PreviewedAlert(ShownAlert, frozen=True, kw_only=True, gc=False):
    """An alert that a silence would touch."""

    would_hide: Annotated[bool, about("All its firing strands would be silenced.")]


class Previewed(Struct, frozen=True, kw_only=True, gc=False):
    """What a silence would hide: the first hundred alerts."""

    items: Annotated[list[PreviewedAlert], Meta(max_length=100)]
    more: Annotated[bool, about("There are others.")]


def show_alert(view: AlertView, silences: TenantSilences, now: datetime) -> ShownAlert:
    """*silences* are those of its tenant."""
    return ShownAlert(
        fingerprint=view.fingerprint,
        labels=dict(view.labels),
        annotations=dict(view.annotations),
        severity=Severity(view.severity),
        status=AlertStatus(view.status),
        triage=Triage(view.triage),
        sources=_sources(view),
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        first_seen=view.first_seen,
        last_seen=view.last_seen,
        occurrences=sum(strand.occurrences for strand in view.strands),
        episodes=view.episodes,
        silenced_by=_silenced_by(view, silences, now),
        # Not checked: a newer process beside this one may know another word.
        last_outcome=cast(Outcome, view.last_outcome),
        rule=view.rule,
        ticket_id=view.ticket_id,
    )


def show_previewed(shown: ShownAlert, *, would_hide: bool) -> PreviewedAlert:
    """An alert with what a silence would do to it."""
    return PreviewedAlert(**structs.asdict(shown), would_hide=would_hide)


def _sources(view: AlertView) -> list[AlertSource]:
    return [
        AlertSource(
            name=source.name,
            fingerprint=source.fingerprint,
            url=source.url,
            last_seen=source.last_seen,
        )
        for strand in view.strands
        for source in strand.sources
    ]


def _silenced_by(view: AlertView, silences: TenantSilences, now: datetime) -> list[str]:
    """Silences that hide it now: those of its strands, if every one that fires is hidden."""
    if silences.empty:
        return []
    firing = [strand for strand in view.strands if strand.fires] or list(view.strands)
    hiding: list[list[UUID]] = [silences.active_ids(dict(strand.labels), now) for strand in firing]
    if not all(hiding):
        return []
    return sorted({str(key) for keys in hiding for key in keys})
