"""The workflows of one tenant, and which of them a new ticket follows."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any

import msgspec

from gateway.tickets.change import StepTo
from gateway.tickets.fields import SHIPPED_FIELDS, Field
from gateway.tickets.ticket import Ticket, TicketStatus, TicketType
from gateway.workflows.definition import read_workflow
from gateway.workflows.workflow import DEFAULT, Workflow

_ORDER = (
    DEFAULT, "incident_response", "major_incident", "service_request", "problem", "change",
    "requirement", "review",
)  # fmt: skip


class Workflows(msgspec.Struct, frozen=True, kw_only=True):
    """All that a tenant has, withdrawn ones too, in the order in which they are declared."""

    named: Mapping[str, Workflow]
    fields: Mapping[str, Field] = SHIPPED_FIELDS
    """Custom fields by name: conditions ask for the bands of numbers."""
    close_after: timedelta | None = timedelta(hours=72)
    """For workflows that say nothing of it; None: the system closes none of theirs."""
    default_alone: bool = False
    """A replica may run that knows no other: new tickets follow the default one."""

    def of(self, name: str) -> Workflow | None:
        """The workflow of that name; None if none was ever declared."""
        return self.named.get(name)

    def for_new(self, kind: TicketType, *, alerts: bool, chosen: str = "") -> Workflow:
        """What a new ticket follows: the *chosen* one, else the first declared one for its type
        (for a ticket of alerts: that may be theirs), else the default one.
        """
        if not self.default_alone:
            known = self.named.get(chosen)
            if known is not None and not known.withdrawn and (known.alerts or not alerts):
                return known
            for one in self.named.values():
                if kind in one.types and not one.withdrawn and (one.alerts or not alerts):
                    return one
        return self.named[DEFAULT]

    def closing_of(self, name: str) -> timedelta | None:
        """How long after its resolution the system closes a ticket of it; None: never."""
        workflow = self.named.get(name)
        if workflow is None:
            return self.close_after
        return (workflow.close_after or self.close_after) if workflow.closes else None

    def back_to(self, ticket: Ticket) -> StepTo:
        """Where the system reopens *ticket* to: what it left, if that is declared still; else to
        where somebody who has taken it would be.
        """
        workflow = self.named.get(ticket.workflow)
        if workflow is None:
            return StepTo(status=ticket.status_before, state=ticket.state_before)
        state = workflow.state_left(ticket)
        if state is not None and state.live and not state.approval:
            return StepTo(status=state.status, state=state.stored)
        taken = ticket.acknowledged_at is not None
        return StepTo(status=TicketStatus.IN_PROGRESS if taken else TicketStatus.OPEN)


def _shipped() -> Iterable[Mapping[str, Any]]:
    for name in _ORDER:
        text = (files("gateway.workflows") / "shipped" / f"{name}.toml").read_text("utf-8")
        yield tomllib.loads(text)


SHIPPED_BODIES: Sequence[Mapping[str, Any]] = tuple(_shipped())
"""As they are written."""
SHIPPED: Mapping[str, Workflow] = {one.name: one for one in map(read_workflow, SHIPPED_BODIES)}
"""What is there without any declaration; a declared one of the same name replaces it."""
SHIPPED_WORKFLOWS = Workflows(named=SHIPPED)
