"""A person sets plain fields of a ticket: held against what the tenant has declared."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.alerts.labels import MAX_LABELS
from gateway.alerts.opening import TicketType
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict, FieldError, Refused
from gateway.tickets.change import TicketChange, as_one
from gateway.tickets.edit import edit_ticket
from gateway.tickets.fields import check_custom
from gateway.tickets.major import WorkflowChange, change_workflow
from gateway.tickets.ticket import Ticket
from gateway.workflows.book import Workflows


def checked_edit(
    rows: WorkingSet, ticket: Ticket, given: Mapping[str, Any], actor: str, now: datetime
) -> TicketChange | None:
    """The change; None if nothing differs. *given* as in `edit_ticket`. Another type may bring
    another workflow along. Raises InvalidCustom, Refused, Conflict.
    """
    if "custom" in given:
        kind = TicketType(given.get("type", ticket.type))
        check_custom(rows.fields, kind, ticket.project, given["custom"])
    change = edit_ticket(ticket, given, actor, now, rows.matrix)
    if change is None:
        return None
    _check_labels(change.after)
    if change.after.type is ticket.type or ticket.major:
        return change
    fitting = rows.workflows.for_new(change.after.type, alerts=ticket.merge_key is not None)
    if fitting.name == ticket.workflow:
        return change
    to = into_workflow(rows.workflows, fitting.name, ticket)
    return as_one(change, change_workflow(change.after, to, actor, now))


def into_workflow(workflows: Workflows, name: str, ticket: Ticket) -> WorkflowChange:
    """Into the workflow of that name: the state is kept if it has that, else it is the first of the
    same status. Raises Conflict if it has none, or is not declared.
    """
    workflow = workflows.of(name)
    if workflow is None or workflow.withdrawn:
        raise Conflict(
            f"the workflow {name} is not declared",
            code="workflow_undeclared",
            extra={"workflow": name},
        )
    state = workflow.state_like(ticket)
    if state is None or state.approval:
        raise Conflict(
            f"the workflow {name} has no state for a ticket that is {ticket.status}",
            code="state_undeclared",
            extra={"workflow": name, "state": ticket.place},
        )
    return WorkflowChange(workflow=name, version=workflow.version, state=state.stored)


def _check_labels(ticket: Ticket) -> None:
    """As many as an alert may have."""
    if len(msgspec.json.decode(ticket.labels)) > MAX_LABELS:
        detail = f"must leave the ticket with {MAX_LABELS} labels at most"
        raise Refused("too many labels", "invalid_body", (FieldError("/labels", detail),))
