"""`workflow list | show | try`: what is declared, drawn, and walked as somebody would."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.alerts.severity import Severity
from gateway.cli.postgres import Say, open_postgres
from gateway.config import Config
from gateway.declarations.declaration import DeclarationKind
from gateway.errors import GatewayError, NotFound, Refused
from gateway.storage.postgres.duties.stranded import PostgresStranded
from gateway.storage.postgres.kernel.connect import create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.tickets.change import StepTo, apply_step
from gateway.tickets.ticket import Ticket
from gateway.workflows.aliases import canonical_state
from gateway.workflows.book import SHIPPED
from gateway.workflows.check import check_workflow
from gateway.workflows.definition import read_workflow
from gateway.workflows.drawing import draw
from gateway.workflows.judge import AskedStep, Case, Offer, available, judge
from gateway.workflows.look import NAMES, custom_of
from gateway.workflows.workflow import Edge, EdgeRole, State, Workflow

_ME, _OTHER = "u_you", "u_other"
_RANKS = {
    EdgeRole.ADMIN: Role.ADMIN,
    EdgeRole.REQUESTER: Role.REQUESTER,
    EdgeRole.ANY: Role.REQUESTER,
}


def configured_workflows(config: Config, tenant: str) -> Mapping[str, Workflow]:
    """What *config* declares for that tenant, or for all; and what is shipped besides."""
    kind = DeclarationKind.WORKFLOW
    written = [one.written for one in config.declared.of(tenant) if one.kind is kind]
    declared = {one.name: one for one in map(read_workflow, written)}
    return {**declared, **{name: one for name, one in SHIPPED.items() if name not in declared}}


def warnings_of(config: Config) -> Sequence[str]:
    """What in its workflows can hardly be meant, each once."""
    found = [
        f"Warning: workflow {one.name}, {'.'.join(map(str, finding.where))}: {finding.sentence}"
        for tenant in config.declared.tenants()
        for one in configured_workflows(config, tenant).values()
        for finding in check_workflow(one).warned
    ]
    return list(dict.fromkeys(found))


async def say_stranded(config: Config, say: Say) -> None:
    """How many live tickets are in states that their workflow has not, once *config* is declared.

    Only looks. Raises Unavailable if PostgreSQL is away.
    """
    async with AsyncExitStack() as stack:
        engine = create_engine(await open_postgres(stack, config, say))
        stack.push_async_callback(engine.dispose)
        store, whole = PostgresStranded(Database(engine)), True
        for tenant in await store.tenants():
            planned = configured_workflows(config, tenant.name)
            for name, count in (await store.stranded(tenant.tenant, planned)).items():
                whole = False
                say(
                    f"Warning: tenant {tenant.name}, workflow {name}: {count:,} of its live tickets"
                    " are in states that it has not: say in `renamed` what these are now, or"
                    " relocate the tickets."
                )
    if whole:
        say("Every live ticket is in a state of its workflow.")


def list_workflows(named: Mapping[str, Workflow], say: Say) -> None:
    """One a line: its name, the types it is for, and what it is called."""
    for one in named.values():
        types = ", ".join(one.types) or "by name only"
        say(f"{one.name:<20} {types:<20} {one.display_name}")


def show_workflow(named: Mapping[str, Workflow], name: str, svg: Path | None, say: Say) -> None:
    """Its states and edges; or, with *svg*, a drawing into that file."""
    workflow = _named(named, name)
    if svg is not None:
        svg.write_text(draw(workflow), "utf-8")
        say(f"{name} is drawn in {svg}.")
        return
    for state in workflow.states.values():
        status = "" if state.name == state.status else f" ({state.status})"
        say(f"{state.name}{status}{' *' if state.name == workflow.start else ''}")
        for edge in workflow.edges_from(state.name):
            say(f"  -> {edge.to:<18} {', '.join(edge.roles):<22} {edge.label}{_needs(edge)}")


def try_workflow(
    named: Mapping[str, Workflow],
    name: str,
    role: EdgeRole,
    values: Sequence[str],
    states: Sequence[str],
    say: Say,
) -> int:
    """Walk through *states* as *role*, with what is required given; 1 if a step is refused."""
    workflow = _named(named, name)
    by = Principal(1, _ME, _RANKS.get(role, Role.OPERATOR), _ME)
    first, *others = map(canonical_state, states or [workflow.start])
    ticket = _placed(_ticket(workflow, role, values), _state(workflow, first))
    for target in [*others, None]:
        case = Case(ticket=ticket, workflow=workflow, by=by, moved_by=_OTHER)
        say(f"{ticket.place}:")
        for offer in available(case):
            say(f"  [{offer.label}] -> {offer.to}{_wanted(offer)}")
        if target is None:
            return 0
        try:
            verdict = judge(case, _asked(workflow, target))
        except GatewayError as error:
            say(f"  {target}: refused, {error.code}: {error.detail}")
            return 1
        ticket = _placed(ticket, verdict.state)
    return 0


def _named(named: Mapping[str, Workflow], name: str) -> Workflow:
    workflow = named.get(name)
    if workflow is None:
        raise NotFound(f"no workflow {name}; there are {', '.join(named)}")
    return workflow


def _state(workflow: Workflow, name: str) -> State:
    state = workflow.states.get(name)
    if state is None:
        raise NotFound(f"{workflow.name} has no state {name}; it has {', '.join(workflow.states)}")
    return state


def _ticket(workflow: Workflow, role: EdgeRole, values: Sequence[str]) -> Ticket:
    """As *values* (`custom.risk=low`, `label.vip=true`, `assignee=…`) say it is."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    ticket = Ticket(
        id="tk_tried",
        title="tried",
        priority=Severity.MEDIUM,
        workflow=workflow.name,
        requester=_ME if role is EdgeRole.REQUESTER else _OTHER,
        assignee=_ME if role is EdgeRole.ASSIGNEE else _OTHER,
        created_at=moment,
        updated_at=moment,
    )
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise Refused(f"{text!r} is no value: write it as in custom.risk=low")
        ticket = _with(ticket, name, value)
    return ticket


def _with(ticket: Ticket, name: str, value: str) -> Ticket:
    family, _, inner = name.partition(".")
    if family == "custom" and inner:
        custom = custom_of(ticket) | {inner: value}
        return msgspec.structs.replace(ticket, custom=msgspec.json.encode(custom))
    if family == "label" and inner:
        labels = msgspec.json.decode(ticket.labels) | {inner: value}
        return msgspec.structs.replace(ticket, labels=msgspec.json.encode(labels))
    if name == "major":
        return msgspec.structs.replace(ticket, major=value == "true")
    if name in NAMES - {"status", "state", "firing"}:
        field = "assignee_group" if name == "group" else name
        return msgspec.structs.replace(ticket, **{field: value})
    raise Refused(f"a ticket has no {name!r}: there are {', '.join(sorted(NAMES))}, custom.NAME")


def _placed(ticket: Ticket, state: State) -> Ticket:
    step = StepTo(status=state.status, state=state.stored)
    return apply_step(ticket, step, _ME, ticket.updated_at).after


def _asked(workflow: Workflow, target: str) -> AskedStep:
    """With everything that an edge to *target* may require."""
    edges = [edge for edge in workflow.edges if edge.to == target]
    fields = {name[7:]: "given" for edge in edges for name in edge.require if name[:7] == "custom."}
    resolutions = [word for edge in edges for word in edge.resolutions]
    return AskedStep(
        to=target,
        comment="given",
        resolution_note="given",
        resolution=resolutions[0] if resolutions else "given",
        custom=fields,
    )


def _needs(edge: Edge) -> str:
    needed = [*edge.require, *(f"not {one}" for one in edge.barred)]
    return f" [{', '.join(needed)}]" if needed else ""


def _wanted(offer: Offer) -> str:
    return f", needs {', '.join(offer.needs)}" if offer.needs else ""
