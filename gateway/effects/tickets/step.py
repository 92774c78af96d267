"""A person's step: judged on the ticket as it was, then edited and moved, in one change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.access.principal import Principal
from gateway.effects.tickets.edit import checked_edit
from gateway.effects.tickets.person import newer_live, step_by_person
from gateway.effects.working_set import WorkingSet
from gateway.errors import FieldError, Forbidden, Refused
from gateway.tickets.change import StepTo, apply_step, as_one
from gateway.tickets.ticket import Ticket
from gateway.workflows.judge import AskedStep, Case, Verdict, judge
from gateway.workflows.workflow import Edge


def take_step(
    rows: WorkingSet,
    ticket_id: str,
    asked: AskedStep,
    by: Principal,
    now: datetime,
    given: Mapping[str, Any] = {},
) -> Ticket:
    """Take the step that *asked* means, with the edit of what is *given* in the same change. Raises
    what `judge` and `checked_edit` raise, and Forbidden.
    """
    ticket = rows.tickets[ticket_id]
    verdict = judge(case_of(rows, ticket, by), asked)
    _check_said(by, ticket, verdict.edge, given)
    edit = checked_edit(rows, ticket, {**given, **_fields_of(verdict)}, by.actor, now)
    edited = ticket if edit is None else edit.after
    if edited.workflow != ticket.workflow:
        detail = "brings another workflow along: change it first, in a request of its own"
        raise Refused("no step and another type at once", errors=(FieldError("/type", detail),))
    step = StepTo(
        status=verdict.state.status,
        state=verdict.state.stored,
        comment=asked.comment,
        resolution=asked.resolution,
        resolution_note=asked.resolution_note,
        close_after=rows.workflows.closing_of(ticket.workflow),
        workflow_version=verdict.version,
    )
    return step_by_person(rows, as_one(edit, apply_step(edited, step, by.actor, now)), now)


def _check_said(by: Principal, ticket: Ticket, edge: Edge, given: Mapping[str, Any]) -> None:
    """A step is no way around what somebody may edit. Raises Forbidden (`requester_limits`) if who
    does not work there says more custom fields than the step requires.
    """
    more = sorted(one for one in given.get("custom", ()) if f"custom.{one}" not in edge.require)
    if more and not by.works_in(ticket.project):
        raise Forbidden(
            f"a requester says with a step what it requires, not {', '.join(more)}",
            code="requester_limits",
        )


def case_of(rows: WorkingSet, ticket: Ticket, by: Principal) -> Case:
    """What a judgement of *ticket* depends on."""
    newer = newer_live(rows, ticket)
    return Case(
        ticket=ticket,
        workflow=rows.workflows.of(ticket.workflow),
        by=by,
        fields=rows.workflows.fields,
        live_children=rows.live_children.get(ticket.id, 0),
        newer_live=newer.id if newer else "",
        moved_by=rows.moved_by.get(ticket.id, ""),
    )


def _fields_of(verdict: Verdict) -> dict[str, str]:
    """What the step itself changes of them."""
    fields = {} if verdict.assignee is None else {"assignee": verdict.assignee}
    return fields | ({"assignee_group": verdict.state.group} if verdict.state.group else {})
