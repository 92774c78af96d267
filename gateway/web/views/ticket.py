"""How a ticket and its history look."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import orjson
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from gateway.access.withheld import Withheld
from gateway.alerts.opening import Level, TicketType
from gateway.alerts.severity import Severity
from gateway.history.chain import Entry
from gateway.tickets.naming import MAX_TITLE_CHARACTERS, ticket_key
from gateway.tickets.priority import severity_of_ticket
from gateway.tickets.ticket import ENDED, PriorityBy, TicketStatus
from gateway.tickets.view import CountedBy, TicketView
from gateway.web.views.alert import ShownAlert
from gateway.web.views.links import ShownLink
from gateway.web.views.page import Page
from gateway.web.views.redaction import (
    other_ticket,
    tells_internal,
    without_internal,
    without_unseen,
)
from gateway.web.views.words import Count, Labels, Name, Next, Ordinal, TicketId, Time, about
from gateway.workflows.judge import Offer

SHOWN_PARTS = 50
"""Alerts and entries that a ticket's own answer holds at most."""


OpenChildren = Annotated[
    Ordinal | UnsetType, about("Its live children, if it has any and this step has ended it.")
]


class TicketWindow(Struct, frozen=True, kw_only=True, gc=False):
    """The time in which alerts belong to the ticket."""

    opened_at: Time
    ends_at: Annotated[Time | None, about("Null while an alert in it fires.")]


class ShownTicket(Struct, frozen=True, kw_only=True, gc=False):
    """One problem, as in lists."""

    id: TicketId
    number: Ordinal
    key: Annotated[Name, about("What people call it: `OPS-17`, or `17` in no project.")]
    type: TicketType
    title: Annotated[str, Meta(min_length=1, max_length=MAX_TITLE_CHARACTERS)]
    description: str
    status: TicketStatus
    state: Annotated[Name, about("The workflow's own name of its place; or the status.")]
    priority: Severity
    priority_by: Annotated[
        PriorityBy, about("Who set the priority: a person, the alerts' rule, or the matrix.")
    ]
    severity: Annotated[Severity, about("The worst of its alerts so far, or what a person says.")]
    impact: Level
    urgency: Level
    major: bool
    workflow: str
    project: Annotated[str, about("Empty: none.")]
    rule: Annotated[str, about("Empty if a person opened it.")]
    labels: Labels
    custom: Annotated[dict[str, Any], about("Custom fields by name.")]
    episodes: Annotated[Count, about("Firing periods of its alerts.")]
    flaps: Annotated[Count, about("How often it was reopened by a new episode.")]
    firing: Annotated[Count, about("Alerts on it that fire.")]
    silenced: Annotated[Count, about("Of those, silenced ones.")]
    unconfirmed: Annotated[Count, about("Alerts whose source itself has fallen silent.")]
    requester: Annotated[str, about("`system`, or an actor as in `local:anna`.")]
    assignee: str
    assignee_group: str
    sla: None
    follows: Annotated[
        TicketId | None,
        about("The ticket before it for the same problem; null too if it is not to be seen."),
    ]
    duplicate_of: Annotated[
        TicketId | None,
        about(
            "Its original, which goes on for both and ends both; null too if it is not to be seen."
        ),
    ]
    created_at: Time
    updated_at: Time
    resolved_at: Time | None
    closed_at: Time | None
    resolution: str
    resolution_note: str
    resolved_by: Annotated[str, about("An actor; empty while it is not resolved.")]
    close_at: Annotated[Time | None, about("When the system will close it.")]
    version: Ordinal
    occurrences: Annotated[Count, about("Sightings of its alerts while on it.")]
    window: Annotated[
        TicketWindow | None, about("Null if there is none, or if it belongs to a later ticket.")
    ]


class HistoryEntry(Struct, frozen=True, kw_only=True, gc=False):
    """One changed field."""

    at: Time
    actor: Name
    field: Name
    old: str | None = msgspec.field(name="from")
    new: str | None = msgspec.field(name="to")
    comment: str
    redacted: Annotated[
        bool | UnsetType,
        about(
            "True: of an internal field, and its reader, an auditor, may know that there is one."
        ),
    ] = UNSET


class ShownAction(Struct, frozen=True, kw_only=True, gc=False):
    """A step that the caller may take now."""

    to: Annotated[Name, about("The state that it leads to.")]
    name: Annotated[Name, about("The handle for asking for it, as `action`.")]
    label: str
    needs: Annotated[list[str], about("What is to be given with it; `custom.NAME` for a field.")]
    resolutions: Annotated[list[str], about("If a resolution is needed: one of these.")]


class TicketDetail(ShownTicket, frozen=True, kw_only=True, gc=False):
    """One ticket with its newest alerts, its latest history, and what the caller may do."""

    actions: Annotated[list[ShownAction], about("The steps that the caller may take now.")]

    alerts: Annotated[
        list[ShownAlert],
        Meta(max_length=SHOWN_PARTS),
        about("Those that joined last, newest first."),
    ]
    alerts_count: Annotated[Count, about("Alerts that are or were on the ticket.")]
    alerts_next: Annotated[Next, about("Goes on in `/api/v1/tickets/{id}/alerts`; else null.")]
    history: Annotated[
        list[HistoryEntry],
        Meta(min_length=1, max_length=SHOWN_PARTS),
        about("The latest entries, in the order in which it happened."),
    ]
    history_count: Annotated[Count, about("All entries.")]
    history_next: Annotated[Next, about("Goes on in `/api/v1/tickets/{id}/history`; else null.")]
    links: Annotated[list[ShownLink], Meta(max_length=SHOWN_PARTS), about("By kind.")]
    links_next: Annotated[Next, about("Goes on in `/api/v1/tickets/{id}/links`; else null.")]
    parent: TicketId | None
    children: Annotated[Count, about("Tickets that it is the parent of.")]
    live_children: Annotated[Count, about("Of those, live ones.")]
    people: Annotated[
        dict[str, str],
        about(
            "Handles by id: of the assignee, the requester and whoever these entries name, if they"
            " are still there. For who may look people up (`/api/v1/handles`)."
        ),
    ]


class TicketCounts(Struct, frozen=True, kw_only=True, gc=False):
    """Live tickets, counted."""

    by: CountedBy
    counts: Annotated[
        dict[str, Ordinal], about("By value; empty is nobody, or no project. None is not named.")
    ]


class MovedTicket(TicketDetail, frozen=True, kw_only=True, gc=False):
    """A ticket after a transition."""

    still_firing: Annotated[Count, about("Alerts on the ticket that fire on.")]
    open_children: OpenChildren = UNSET


class ChangedTicket(TicketDetail, frozen=True, kw_only=True, gc=False):
    """A ticket after an edit, which may have been a transition too."""

    still_firing: Annotated[
        Count | UnsetType,
        about("Alerts on the ticket that fire on; if a status was given."),
    ] = UNSET
    open_children: OpenChildren = UNSET


def show_ticket(view: TicketView) -> ShownTicket:
    """A ticket as in lists."""
    one = view.ticket
    return ShownTicket(
        id=one.id,
        number=one.number,
        key=ticket_key(one.project, one.number),
        type=one.type,
        title=one.title,
        description=one.description,
        status=one.status,
        state=one.place,
        priority=one.priority,
        priority_by=one.priority_by,
        severity=severity_of_ticket(one),
        impact=one.impact or Level.MEDIUM,
        urgency=one.urgency or Level.MEDIUM,
        major=one.major,
        workflow=one.workflow,
        project=one.project,
        rule=one.rule,
        labels=orjson.loads(one.labels),
        custom=without_internal(orjson.loads(one.custom), view.withheld),
        episodes=one.episodes,
        flaps=one.flaps,
        firing=one.firing,
        silenced=one.silenced,
        unconfirmed=one.unconfirmed,
        requester=one.requester,
        assignee=one.assignee,
        assignee_group=one.assignee_group,
        sla=None,
        follows=other_ticket(one.follows, view.withheld),
        duplicate_of=other_ticket(one.duplicate_of, view.withheld),
        created_at=one.created_at,
        updated_at=one.updated_at,
        resolved_at=one.resolved_at,
        closed_at=one.closed_at,
        resolution=one.resolution,
        resolution_note=one.resolution_note,
        resolved_by=one.resolved_by,
        close_at=one.close_at,
        version=one.version,
        occurrences=view.occurrences,
        window=_window(view),
    )


def show_detail(
    view: TicketView,
    alerts: Page[ShownAlert],
    history: Page[HistoryEntry],
    offers: Sequence[Offer],
    links: Page[ShownLink],
) -> TicketDetail:
    """A ticket with the first page of its alerts, of its entries, which are latest first, and of
    its links.
    """
    return TicketDetail(
        **structs.asdict(show_ticket(view)),
        actions=[_show_offer(one) for one in offers],
        alerts=alerts.items,
        alerts_count=view.alerts_count,
        alerts_next=alerts.next,
        history=list(reversed(history.items)),
        history_count=view.ticket.history_length,
        history_next=history.next,
        links=links.items,
        links_next=links.next,
        parent=view.linked.parent,
        children=view.linked.children,
        live_children=view.linked.live_children,
        people=dict(view.people),
    )


def _show_offer(offer: Offer) -> ShownAction:
    return ShownAction(
        to=offer.to,
        name=offer.name,
        label=offer.label,
        needs=list(offer.needs),
        resolutions=list(offer.resolutions),
    )


def show_moved(detail: TicketDetail, still_firing: int) -> MovedTicket:
    """A ticket that took a step."""
    left = _open_children(detail)
    return MovedTicket(**structs.asdict(detail), still_firing=still_firing, open_children=left)


def show_changed(detail: TicketDetail, still_firing: int | UnsetType) -> ChangedTicket:
    """A ticket that was edited; *still_firing* if it took a step too."""
    left = UNSET if still_firing is UNSET else _open_children(detail)
    return ChangedTicket(**structs.asdict(detail), still_firing=still_firing, open_children=left)


def _open_children(detail: TicketDetail) -> int | UnsetType:
    is_over = detail.status in ENDED or detail.status is TicketStatus.RESOLVED
    return detail.live_children if is_over and detail.live_children else UNSET


def show_entry(entry: Entry, withheld: Withheld) -> HistoryEntry:
    """An entry of a history."""
    if tells_internal(entry, withheld):
        return HistoryEntry(
            at=entry.at,
            actor=entry.actor,
            field=entry.field,
            old=None,
            new=None,
            comment=entry.comment,
            redacted=True,
        )
    return HistoryEntry(
        at=entry.at,
        actor=entry.actor,
        field=entry.field,
        old=without_unseen(entry.old, withheld),
        new=without_unseen(entry.new, withheld),
        comment=without_unseen(entry.comment, withheld) or "",
    )


def _window(view: TicketView) -> TicketWindow | None:
    if view.opened_at is None:
        return None
    return TicketWindow(opened_at=view.opened_at, ends_at=view.ends_at)
