"""A workflow as a value: its states, and the edges along which people move tickets.

Each state belongs to one of the six statuses, which is all that the pipeline, lists and reports
know. A state that is named like its status is not stored with a ticket.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import msgspec

from gateway.tickets.ticket import ENDED, LIVE, Ticket, TicketStatus, TicketType
from matchers import Matcher

MAJOR = "major_incident"
"""For incidents that are made major."""
DEFAULT = "default"
"""Built in: for tickets from before there were others, and for types that none is declared for."""


class EdgeRole(StrEnum):
    """Who may take an edge, seen from the ticket."""

    ASSIGNEE = "assignee"
    REQUESTER = "requester"
    ANY = "any"
    """Everybody who sees the ticket and may ask for steps at all."""
    OPERATOR = "operator"
    ADMIN = "admin"
    SYSTEM = "system"
    """The gateway, when an approval ends; never a person."""


class Barred(StrEnum):
    """Who may not take an edge, though the role fits."""

    REQUESTER = "requester"
    ASSIGNEE = "assignee"
    RESOLVER = "resolver"
    """Who took the step into `resolved`."""
    SUBMITTER = "submitter"
    """Who took the step into the state that the ticket is in."""


class Occasion(StrEnum):
    """When the gateway follows an edge of its own."""

    APPROVED = "approved"
    REJECTED = "rejected"
    CONVERTED = "converted"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a workflow."""

    name: str
    status: TicketStatus
    group: str = ""
    """The group that a ticket is assigned to when it comes here; empty: as it is."""
    approval: str = ""
    """The approval that is asked for here; empty: none."""
    tasks: tuple[str, ...] = ()
    """Titles of the tasks that are opened when a ticket comes here."""

    @property
    def stored(self) -> str | None:
        """As a ticket holds it: None if it is named like its status."""
        return None if self.name == self.status else self.name

    @property
    def live(self) -> bool:
        """Of the statuses open, in_progress and pending."""
        return self.status in LIVE

    @property
    def ended(self) -> bool:
        """Closed or cancelled."""
        return self.status in ENDED


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A declared transition; one use of it is a step."""

    starts: tuple[str, ...]
    """The states that it leads away from."""
    to: str
    roles: tuple[EdgeRole, ...] = (EdgeRole.ASSIGNEE,)
    on: Occasion | None = None
    label: str
    """What a button says."""
    name: str
    """The handle for asking for it; as declared or else `to`."""
    when: tuple[tuple[Matcher, ...], ...] = ()
    """Any of these lists must match what the ticket looks like; none: always."""
    require: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    """The values of `resolution` of which one is required; none: it is not looked at."""
    clears: tuple[str, ...] = ()
    barred: tuple[Barred, ...] = ()

    @property
    def for_people(self) -> bool:
        """Has it a role that a person may hold?"""
        return any(role is not EdgeRole.SYSTEM for role in self.roles)


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of what is declared under a name."""

    name: str
    version: int = 1
    display_name: str = ""
    types: tuple[TicketType, ...] = ()
    """The types whose new tickets it is for; none: chosen by name only."""
    start: str = "open"
    close_after: timedelta | None = None
    """From the resolution to the closing by the system; None: as `[tickets] close_after` says."""
    closes: bool = True
    """False: the system closes none of its tickets."""
    alerts: bool = False
    """May a ticket of alerts follow it?"""
    states: Mapping[str, State]
    edges: tuple[Edge, ...]
    renamed: Mapping[str, str] = {}
    """States of earlier versions, and what they are called in this one."""
    withdrawn: bool = False
    """Declared no longer: people take no steps, the system's go on."""

    def state_of(self, name: str) -> State | None:
        """The state of that name, or the one that it was renamed to."""
        return self.states.get(name) or self.states.get(self.renamed.get(name, ""))

    def state_at(self, ticket: Ticket) -> State | None:
        """Where *ticket* is."""
        return self.placed(ticket.status, ticket.state)

    def state_left(self, ticket: Ticket) -> State | None:
        """Where *ticket* was when it was resolved."""
        return self.placed(ticket.status_before, ticket.state_before)

    def placed(self, status: TicketStatus, name: str | None) -> State | None:
        """The state of that name, None: named like *status*; None if there is none of it.

        A state of another status is stale: a replica that knows no states has moved the ticket
        since.
        """
        state = self.state_of(name or str(status))
        if state is not None and name and state.status is not status:
            return self.state_of(str(status))
        return state

    def state_like(self, ticket: Ticket) -> State | None:
        """Where a ticket of another workflow comes to: its state if there is one of that name and
        status, else the first of its status; None: there is none.
        """
        state = self.state_of(ticket.place)
        if state is not None and state.status is ticket.status:
            return state
        return self.first_of(ticket.status)

    def edges_from(self, state: str) -> tuple[Edge, ...]:
        """In their declared order."""
        return tuple(edge for edge in self.edges if state in edge.starts)

    def first_of(self, status: TicketStatus) -> State | None:
        """The first declared state of *status*."""
        return next((one for one in self.states.values() if one.status is status), None)
