"""How a workflow looks."""

from typing import Annotated

from msgspec import Struct, field

from gateway.durations import format_duration
from gateway.tickets.ticket import TicketStatus, TicketType
from gateway.web.views.words import Name, Ordinal, about
from gateway.workflows.workflow import Edge, State, Workflow
from matchers import render


class ShownState(Struct, frozen=True, kw_only=True):
    """A place in a workflow."""

    name: Name
    status: TicketStatus
    group: str
    approval: str
    tasks: list[str]


class ShownEdge(Struct, frozen=True, kw_only=True):
    """A declared transition."""

    starts: list[str] = field(name="from")
    to: Name
    roles: list[str] = field(name="role")
    on: Annotated[str, about("When the system follows it; empty: never.")]
    label: str
    name: Name
    when: Annotated[list[str], about("Matchers, of which one must fit; none: always.")]
    require: list[str]
    resolutions: list[str]
    clears: list[str]
    barred: list[str] = field(name="not")


class ShownWorkflow(Struct, frozen=True, kw_only=True):
    """One workflow, in its present version."""

    name: Name
    version: Ordinal
    display_name: str
    declared: Annotated[bool, about("False: withdrawn. People take no steps in it.")]
    types: list[TicketType]
    start: Name
    close_after: Annotated[str, about("`never`, a duration, or empty: as configured.")]
    alerts: Annotated[bool, about("May tickets of alerts follow it?")]
    states: list[ShownState]
    transitions: list[ShownEdge]
    renamed: dict[str, str]


def show_workflow(workflow: Workflow) -> ShownWorkflow:
    """With the keys of a declaration."""
    after = workflow.close_after
    closing = format_duration(after) if after is not None else ""
    return ShownWorkflow(
        name=workflow.name,
        version=workflow.version,
        display_name=workflow.display_name,
        declared=not workflow.withdrawn,
        types=list(workflow.types),
        start=workflow.start,
        close_after=closing if workflow.closes else "never",
        alerts=workflow.alerts,
        states=[_show_state(one) for one in workflow.states.values()],
        transitions=[_show_edge(one) for one in workflow.edges],
        renamed=dict(workflow.renamed),
    )


def _show_state(state: State) -> ShownState:
    return ShownState(
        name=state.name,
        status=state.status,
        group=state.group,
        approval=state.approval,
        tasks=list(state.tasks),
    )


def _show_edge(edge: Edge) -> ShownEdge:
    return ShownEdge(
        starts=list(edge.starts),
        to=edge.to,
        roles=[str(role) for role in edge.roles],
        on=str(edge.on or ""),
        label=edge.label,
        name=edge.name,
        when=[render(matchers) for matchers in edge.when],
        require=list(edge.require),
        resolutions=list(edge.resolutions),
        clears=list(edge.clears),
        barred=[str(one) for one in edge.barred],
    )
