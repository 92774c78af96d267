"""Judges steps: which may be taken, and why another may not. Pure.

`available` and `judge` are made of the same answers, so that a button never lies. The order of
refusal: the workflow is there, the state is, an edge leads there, for this role, under this
condition; then what is missing; then what stands against it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from gateway.access.principal import Principal
from gateway.errors import Conflict, FieldError, Forbidden, Refused
from gateway.tickets.fields import Field
from gateway.tickets.ticket import Ticket
from gateway.workflows.look import custom_of, flat_view
from gateway.workflows.standing import holds, is_barred
from gateway.workflows.workflow import Edge, EdgeRole, State, Workflow


class Reason(StrEnum):
    """Why a step is forbidden."""

    NO_EDGE = "no_edge"
    ROLE = "role"
    CONDITION = "condition"


@dataclass(eq=False)
class MissingFields(Refused):
    """A step that may be taken, and lacks something; pointers say what."""

    code: str = "missing_fields"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """All that a judgement depends on, as it was before the request."""

    ticket: Ticket
    workflow: Workflow | None
    """None: none of that name was ever declared."""
    by: Principal
    live_children: int = 0
    newer_live: str = ""
    """The ticket that is live for the same problem; then this one cannot be live again."""
    moved_by: str = ""
    """Who took the step into its present state."""
    fields: Mapping[str, Field] = {}
    """What is declared of custom fields, by name."""
    approvals: Mapping[str, str] = {}
    """What became of each approval, by name."""


class AskedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for: a state (or a status), or an edge by its name; and what they give."""

    to: str = ""
    name: str = ""
    comment: str = ""
    resolution: str = ""
    resolution_note: str = ""
    assignee: str | None = None
    """None: as it is, or who takes the step."""
    custom: Mapping[str, object] = {}


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A step that may be taken now, by who asks."""

    to: str
    name: str
    label: str
    needs: tuple[str, ...]
    """What is to be given with it; `custom.NAME` for a field."""
    resolutions: tuple[str, ...] = ()
    """If a resolution is: one of these."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A step that may be taken."""

    edge: Edge
    state: State
    """Where it leads to."""
    assignee: str | None
    """The assignee from now on; None: as it is."""
    version: int
    """Of the workflow."""


def available(case: Case) -> Sequence[Offer]:
    """The steps that *case* allows now; none if the workflow or the state is not declared."""
    try:
        workflow, state = located(case)
    except Conflict:
        return ()
    return tuple(
        Offer(
            to=edge.to,
            name=edge.name,
            label=edge.label,
            needs=tuple(_missing(case, edge, AskedStep())),
            resolutions=edge.resolutions,
        )
        for edge in workflow.edges_from(state.name)
        if _reason(case, edge) is None and _obstacle(case, workflow, edge) is None
    )


def judge(case: Case, asked: AskedStep) -> Verdict:
    """The step that *asked* means. Raises Conflict, Forbidden or Refused in the order above."""
    workflow, state = located(case)
    edge = _edge(case, workflow, state, asked)
    missing = list(_missing(case, edge, asked))
    if missing:
        raise _missing_fields(edge, missing)
    obstacle = _obstacle(case, workflow, edge)
    if obstacle is not None:
        raise obstacle
    return Verdict(
        edge=edge,
        state=workflow.states[edge.to],
        assignee=_assignee_after(case, edge, asked),
        version=workflow.version,
    )


def located(case: Case) -> tuple[Workflow, State]:
    """The workflow, and the ticket's place in it; raises Conflict if one is not declared."""
    workflow, ticket = case.workflow, case.ticket
    if workflow is None or workflow.withdrawn:
        raise Conflict(
            f"the workflow {ticket.workflow} is not declared: nobody takes steps in it until it is",
            code="workflow_undeclared",
            extra={"workflow": ticket.workflow},
        )
    state = workflow.state_at(ticket)
    if state is None:
        raise Conflict(
            f"the workflow {workflow.name} has no state {ticket.place} any more: an admin is to"
            " relocate the ticket",
            code="state_undeclared",
            extra={"workflow": workflow.name, "state": ticket.place},
        )
    return workflow, state


def _edge(case: Case, workflow: Workflow, state: State, asked: AskedStep) -> Edge:
    """The first that may be taken; raises Forbidden with the reason that is nearest to a yes."""
    meant = _meant(workflow, state, asked)
    reasons = [_reason(case, edge) for edge in meant]
    if None in reasons:
        return meant[reasons.index(None)]
    reason = Reason.CONDITION if Reason.CONDITION in reasons else Reason.ROLE
    to = meant[0].to if meant else asked.to or asked.name
    allowed = list(dict.fromkeys(offer.to for offer in available(case)))
    names = ", ".join(allowed) or "nothing"
    raise Forbidden(
        f"a ticket that is {state.name} can become {names} by you now, not {to}",
        code="forbidden_transition",
        extra={
            "reason": str(reason if meant else Reason.NO_EDGE),
            "from": state.name,
            "to": to,
            "allowed": allowed,
        },
    )


def _meant(workflow: Workflow, state: State, asked: AskedStep) -> Sequence[Edge]:
    """By name; else by state, and by status where no state of the workflow is named so."""
    edges = workflow.edges_from(state.name)
    if asked.name:
        return [edge for edge in edges if edge.name == asked.name]
    if asked.to in workflow.states:
        return [edge for edge in edges if edge.to == asked.to]
    return [edge for edge in edges if workflow.states[edge.to].status == asked.to]


def _reason(case: Case, edge: Edge) -> Reason | None:
    """Why not; None: it may be taken."""
    if _role_held(case, edge) is None:
        return Reason.ROLE
    if any(is_barred(case.by, one, case.ticket, case.moved_by) for one in edge.barred):
        return Reason.ROLE
    if edge.when and not _applies(edge, flat_view(case.ticket, case.fields, case.approvals)):
        return Reason.CONDITION
    return None


def _role_held(case: Case, edge: Edge) -> EdgeRole | None:
    return next((role for role in edge.roles if holds(case.by, role, case.ticket)), None)


def _applies(edge: Edge, view: Mapping[str, str]) -> bool:
    return any(all(one.matches(view) for one in matchers) for matchers in edge.when)


def _missing(case: Case, edge: Edge, asked: AskedStep) -> Iterator[str]:
    """What *edge* requires and neither *asked* nor the ticket has."""
    custom = {**custom_of(case.ticket), **asked.custom}
    for name in edge.require:
        match name:
            case "comment" if not asked.comment.strip():
                yield name
            case "resolution_note" if not asked.resolution_note.strip():
                yield name
            case "resolution" if not edge.resolutions and not asked.resolution:
                yield name
            case "assignee" if not (_assignee_after(case, edge, asked) or _kept(case, asked)):
                yield name
            case _ if name.startswith("custom.") and _is_empty(custom.get(name[7:])):
                yield name
    if edge.resolutions and asked.resolution not in edge.resolutions:
        yield "resolution"


def _kept(case: Case, asked: AskedStep) -> str:
    return case.ticket.assignee if asked.assignee is None else asked.assignee


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [])


def _assignee_after(case: Case, edge: Edge, asked: AskedStep) -> str | None:
    """Cleared by the edge; as asked; or whoever takes a step of the assignee while nobody is it."""
    if "assignee" in edge.clears:
        return ""
    if asked.assignee is not None:
        return asked.assignee
    unassigned = not case.ticket.assignee
    return case.by.actor if unassigned and _role_held(case, edge) is EdgeRole.ASSIGNEE else None


def _missing_fields(edge: Edge, missing: Sequence[str]) -> MissingFields:
    def sentence(name: str) -> str:
        if name == "resolution" and edge.resolutions:
            return f"must be one of {', '.join(edge.resolutions)}"
        return "is required for this step"

    errors = tuple(FieldError("/" + name.replace(".", "/"), sentence(name)) for name in missing)
    return MissingFields(f"the step to {edge.to} needs {', '.join(missing)}", errors=errors)


def _obstacle(case: Case, workflow: Workflow, edge: Edge) -> Conflict | None:
    """What stands against a step that is right in itself."""
    if "children_ended" in edge.require and case.live_children:
        return Conflict(
            f"{case.live_children} of its children are live",
            code="children_open",
            extra={"live_children": case.live_children},
        )
    state = workflow.states[edge.to]
    if state.approval:
        return Conflict(
            f"nobody can give the approval {state.approval} yet, which {state.name} asks for",
            code="approval_unreachable",
            extra={"approval": state.approval},
        )
    if case.newer_live and state.live and not case.ticket.live:
        return Conflict(
            f"ticket {case.newer_live} is live for the same problem",
            code="newer_ticket_live",
            extra={"ticket_id": case.newer_live},
        )
    return None
