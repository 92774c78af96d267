"""Checks a workflow that can be read: may tickets and people get stuck in it, or around it?

Conditions are taken as possible. What is *refused* must be mended; of the rest one is *warned*.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gateway.tickets.ticket import TicketStatus
from gateway.workflows.graph import Graph
from gateway.workflows.look import FAMILIES, NAMES
from gateway.workflows.workflow import DEFAULT, Edge, EdgeRole, Occasion, State, Workflow
from gateway.workflows.written import Finding
from matchers import Matcher, Operator

OF_CATALOG = "catalog"
"""The approval that a ticket's catalog item names."""
_TRANSITIONS = "transitions"
_STATES = ("states",)


@dataclass(frozen=True, slots=True)
class Findings:
    """Of one workflow; places are as in the declared table."""

    refused: Sequence[Finding]
    warned: Sequence[Finding]


def check_workflow(
    workflow: Workflow,
    *,
    fields: Collection[str] | None = None,
    approvals: Collection[str] | None = None,
    starts: Collection[str] = (),
) -> Findings:
    """*fields*, *approvals*: the names there are; None: any. *starts*: those of catalog items."""
    graph = Graph(workflow, {workflow.start, *starts})
    refused = [
        *_of_name(workflow),
        *_unknown_starts(workflow, starts),
        *_unknown_names(workflow, fields, approvals),
        *_ambiguous(workflow),
        *_stuck(workflow, graph),
        *_approvals(workflow, graph),
        *_for_alerts(workflow),
    ]
    warned = [*_shadowed(workflow), *_contradictions(workflow), *_no_way_back(workflow)]
    return Findings(refused, warned)


def _of_name(workflow: Workflow) -> Iterator[Finding]:
    if workflow.name == DEFAULT:
        yield Finding(("name",), f"{DEFAULT!r} is built in: choose another name")


def _unknown_starts(workflow: Workflow, starts: Collection[str]) -> Iterator[Finding]:
    for name in sorted(set(starts) - set(workflow.states)):
        yield Finding(("start",), f"a catalog item begins at {name!r}, which is no state of it")


def _unknown_names(
    workflow: Workflow, fields: Collection[str] | None, approvals: Collection[str] | None
) -> Iterator[Finding]:
    for number, edge in enumerate(workflow.edges):
        where = (_TRANSITIONS, number)
        for name in edge.require:
            if name.startswith("custom.") and fields is not None and name[7:] not in fields:
                yield Finding((*where, "require"), f"there is no field {name[7:]!r}")
        for matcher in _matchers_of(edge):
            problem = _of_condition(matcher.name, fields, approvals)
            if problem:
                yield Finding((*where, "when"), problem)
    for state in workflow.states.values():
        known = approvals is None or state.approval in ("", OF_CATALOG, *approvals)
        if not known:
            yield Finding(_STATES, f"there is no approval {state.approval!r}")


def _of_condition(
    name: str, fields: Collection[str] | None, approvals: Collection[str] | None
) -> str:
    family, dot, inner = name.partition(".")
    if name in NAMES or (dot and f"{family}." in FAMILIES and family == "label"):
        return ""
    if f"{family}." not in FAMILIES or not dot:
        return f"a condition sees no {name!r}: it sees {', '.join(sorted(NAMES))}, {_FAMILIES}"
    known = fields if family == "custom" else approvals
    if known is None or inner in known or inner.removesuffix("_band") in known:
        return ""
    return f"there is no {'field' if family == 'custom' else 'approval'} {inner!r}"


_FAMILIES = ", ".join(f"{family}NAME" for family in FAMILIES)


def _ambiguous(workflow: Workflow) -> Iterator[Finding]:
    """Two edges away from one state under one name, or on one occasion."""
    seen: dict[tuple[str, bool, str], Edge] = {}
    for number, edge in enumerate(workflow.edges):
        handle = edge.name if edge.for_people else str(edge.on)
        for start in edge.starts:
            if seen.setdefault((start, edge.for_people, handle), edge) is not edge:
                yield Finding(
                    (_TRANSITIONS, number),
                    f"two edges lead away from {start} under the name {handle!r}: whoever asks for"
                    " it could mean both; give each a `name` of its own",
                )


def _stuck(workflow: Workflow, graph: Graph) -> Iterator[Finding]:
    for state in workflow.states.values():
        if state.name not in graph.reachable:
            yield Finding(_STATES, f"no way leads from the start to {state.name}")
        if not state.live:
            continue
        if state.name not in graph.ending:
            yield Finding(_STATES, f"no way leads from {state.name} to an end")
        if not any(edge.for_people for edge in workflow.edges_from(state.name)):
            yield Finding(_STATES, f"nobody can take a step out of {state.name}")


def _approvals(workflow: Workflow, graph: Graph) -> Iterator[Finding]:
    for state in workflow.states.values():
        if not state.approval:
            continue
        edges = workflow.edges_from(state.name)
        for occasion in (Occasion.APPROVED, Occasion.REJECTED):
            if not any(edge.on is occasion for edge in edges):
                yield Finding(_STATES, f'{state.name} has no edge with on = "{occasion}" out of it')
        for edge in edges:
            if edge.for_people and not _leads_back(workflow, graph, state, edge):
                yield Finding(
                    (_TRANSITIONS, workflow.edges.index(edge)),
                    f"leads around the approval of {state.name}: people may only go back, or end",
                )


def _leads_back(workflow: Workflow, graph: Graph, state: State, edge: Edge) -> bool:
    """To an ended state, or to one that is nearer to the start."""
    if workflow.states[edge.to].ended:
        return True
    depth = graph.depth
    return edge.to in depth and state.name in depth and depth[edge.to] < depth[state.name]


def _for_alerts(workflow: Workflow) -> Iterator[Finding]:
    """What the system does with tickets of alerts must be possible in it, and by people too."""
    if not workflow.alerts:
        return
    needed = [TicketStatus.OPEN, *_AFTER_OPEN]
    missing = [str(status) for status in needed if status not in workflow.states]
    if missing:
        names = ", ".join(missing)
        yield Finding(
            ("alerts",), f"a workflow of alerts has the states {names}, as they are named"
        )
        return
    if workflow.start != TicketStatus.OPEN:
        yield Finding(("start",), "a workflow of alerts starts at open")
    free = {name for name, state in workflow.states.items() if not state.approval}
    reached = Graph(workflow, {str(TicketStatus.OPEN)}, within=free).reachable
    for status in _AFTER_OPEN:
        if status not in reached:
            yield Finding(
                ("alerts",),
                f"no way leads from open to {status} but through an approval: a ticket of alerts"
                " does not wait for one",
            )


_AFTER_OPEN = (TicketStatus.IN_PROGRESS, TicketStatus.RESOLVED, TicketStatus.CLOSED)


def _shadowed(workflow: Workflow) -> Iterator[Finding]:
    for number, edge in enumerate(workflow.edges):
        for before in workflow.edges[:number]:
            shared = [start for start in edge.starts if start in before.starts]
            if shared and before.to == edge.to and not before.when and _covers(before, edge):
                yield Finding(
                    (_TRANSITIONS, number),
                    f"whoever asks for {edge.to} at {shared[0]} takes the earlier edge"
                    f" {before.name!r}, which has no condition",
                )


def _covers(before: Edge, edge: Edge) -> bool:
    """Whoever may take *edge* may take the one before it."""
    everybody = EdgeRole.ANY in before.roles
    return edge.for_people and (everybody or set(edge.roles) <= set(before.roles))


def _contradictions(workflow: Workflow) -> Iterator[Finding]:
    for number, edge in enumerate(workflow.edges):
        for matchers in edge.when:
            for matcher in matchers:
                others = [one for one in matchers if one.name == matcher.name]
                if matcher.op is Operator.EQUAL and not all(
                    one.test(matcher.value) for one in others
                ):
                    yield Finding(
                        (_TRANSITIONS, number, "when"),
                        f"what is asked of {matcher.name} contradicts itself: it is never true",
                    )
                    break


def _no_way_back(workflow: Workflow) -> Iterator[Finding]:
    for state in workflow.states.values():
        if state.status is not TicketStatus.RESOLVED:
            continue
        if not any(workflow.states[edge.to].live for edge in workflow.edges_from(state.name)):
            yield Finding(_STATES, f"no way leads back from {state.name}")


def _matchers_of(edge: Edge) -> Iterator[Matcher]:
    for matchers in edge.when:
        yield from matchers
