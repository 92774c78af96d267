"""Reads a workflow as it is declared: a table of TOML or JSON. Every mistake is found at once."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.durations import parse_duration
from gateway.errors import FieldError, Refused
from gateway.tickets.ticket import TicketStatus, TicketType
from gateway.workflows.aliases import canonical_state, canonical_type, canonical_value
from gateway.workflows.workflow import Barred, Edge, EdgeRole, Occasion, State, Workflow
from gateway.workflows.written import Finding, Where, Written, WrittenReader
from matchers import Matcher, MatcherSyntaxError, parse

EVERY_STATE = "*"
NEVER = "never"
_CUSTOM = re.compile(r"custom\.[A-Za-z_][A-Za-z0-9_]{0,59}")
_REQUIRED = ("comment", "resolution_note", "resolution", "assignee", "children_ended")
_CLEARED = ("assignee",)
_MOST_STATES, _MOST_EDGES = 100, 500
_OF_WORKFLOW = (
    "name", "display_name", "types", "start", "close_after", "alerts", "states", "transitions",
    "renamed", "tenants",
)  # fmt: skip
_OF_STATE = ("name", "status", "group", "approval", "tasks")
_OF_EDGE = (
    "from", "to", "role", "on", "label", "name", "when", "require", "resolutions", "clears", "not",
)  # fmt: skip


@dataclass(eq=False)
class BadWorkflow(Refused):
    """A workflow that cannot be read, with everything that is wrong with it."""

    code: str = "bad_workflow"
    mistakes: tuple[Finding, ...] = ()


def read_workflow(body: Written, version: int = 1) -> Workflow:
    """What *body* declares. Raises BadWorkflow with every mistake in it."""
    reader = _Reader()
    workflow = reader.workflow(body, version)
    if reader.mistakes:
        raise BadWorkflow(
            "; ".join(
                f"{'.'.join(map(str, one.where))}: {one.sentence}" for one in reader.mistakes
            ),
            errors=tuple(
                FieldError("/" + "/".join(map(str, one.where)), one.sentence)
                for one in reader.mistakes
            ),
            mistakes=tuple(reader.mistakes),
        )
    return workflow


class _Reader(WrittenReader):
    """A workflow, its states and its edges."""

    def workflow(self, body: Written, version: int) -> Workflow:
        body = self.known(body, _OF_WORKFLOW, ())
        name = self.name(body, ("name",))
        start = canonical_state(self.text(body, "start", ()) or "open")
        closing = self.text(body, "close_after", ())
        written = self.tables(body, "transitions", _OF_EDGE, _MOST_EDGES)
        states = self._states(body, start, written)
        if start not in states:
            self.complain(("start",), _no_state(start, states))
        return Workflow(
            name=name,
            version=version,
            display_name=self.text(body, "display_name", ()) or name,
            types=self.choices(body, "types", (), TicketType, canonical_type),
            start=start,
            close_after=self._duration(closing) if closing and closing != NEVER else None,
            closes=closing != NEVER,
            alerts=self.boolean(body, "alerts"),
            states=states,
            edges=tuple(self._edge(table, where, states) for where, table in written),
            renamed=self._renamed(body, states),
        )

    def _states(
        self, body: Written, start: str, written: Sequence[tuple[Where, Written]]
    ) -> Mapping[str, State]:
        """Those of the six that are named somewhere, in their order; and the declared ones."""
        states: dict[str, State] = {}
        for where, table in self.tables(body, "states", _OF_STATE, _MOST_STATES):
            state = self._state(table, where)
            if state.name in states:
                self.complain((*where, "name"), f"{state.name!r} names more than one state")
            states[state.name] = state
        named = {start, *(name for _, table in written for name in _names_in(table))}
        for status in TicketStatus:
            if status in named and status not in states:
                states[str(status)] = State(name=str(status), status=status)
        return states

    def _state(self, table: Written, where: Where) -> State:
        name = self.name(table, (*where, "name"), canonical_state)
        given = self.text(table, "status", where)
        status = self.choice(canonical_state(given or name), TicketStatus, (*where, "status"))
        if name in tuple(TicketStatus) and status is not None and status != name:
            self.complain((*where, "status"), f"a state named {name} is of the status {name}")
        return State(
            name=name,
            status=status or TicketStatus.OPEN,
            group=self.text(table, "group", where),
            approval=self.text(table, "approval", where),
            tasks=self.texts(table, "tasks", where),
        )

    def _edge(self, table: Written, where: Where, states: Mapping[str, State]) -> Edge:
        to = canonical_state(self.text(table, "to", where))
        if to not in states:
            self.complain((*where, "to"), _no_state(to, states) if to else "is required")
        on = self.text(table, "on", where)
        roles = self.choices(table, "role", where, EdgeRole) or (EdgeRole.ASSIGNEE,)
        occasion = self.choice(on, Occasion, (*where, "on")) if on else None
        if occasion is not None and roles != (EdgeRole.SYSTEM,):
            self.complain((*where, "on"), 'goes with role = "system"')
        if occasion is None and roles == (EdgeRole.SYSTEM,):
            self.complain(where, "an edge of the system says by `on` when it is followed")
        return Edge(
            starts=self._starts(table, where, to, states),
            to=to,
            roles=roles,
            on=occasion,
            label=self.text(table, "label", where) or to.replace("_", " ").capitalize(),
            name=self.text(table, "name", where) or to,
            when=self._when(table, where),
            require=self._required(table, where),
            resolutions=self.texts(table, "resolutions", where),
            clears=self.of(table, "clears", where, _CLEARED),
            barred=self.choices(table, "not", where, Barred),
        )

    def _starts(
        self, table: Written, where: Where, to: str, states: Mapping[str, State]
    ) -> tuple[str, ...]:
        names = tuple(map(canonical_state, self.texts(table, "from", where)))
        if not names:
            self.complain((*where, "from"), "is required")
        if EVERY_STATE in names:
            return tuple(one.name for one in states.values() if not one.ended and one.name != to)
        for name in names:
            if name not in states:
                self.complain((*where, "from"), _no_state(name, states))
            elif states[name].ended:
                self.complain((*where, "from"), f"nothing leads out of {name}, which has ended")
            elif name == to:
                self.complain((*where, "from"), f"leads from {name} to itself")
        return names

    def _when(self, table: Written, where: Where) -> tuple[tuple[Matcher, ...], ...]:
        lists = []
        for text in self.texts(table, "when", where):
            try:
                lists.append(tuple(map(canonical_value, parse(text))))
            except MatcherSyntaxError as error:
                pointer = f"{text[: error.position]}⟨here⟩{text[error.position :]}"
                self.complain((*where, "when"), f"{error.reason}: {pointer}")
        return tuple(lists)

    def _required(self, table: Written, where: Where) -> tuple[str, ...]:
        names = self.texts(table, "require", where)
        for name in names:
            if name not in _REQUIRED and not _CUSTOM.fullmatch(name):
                known = [*_REQUIRED, "custom.NAME"]
                self.complain((*where, "require"), f"{name!r} is none of {', '.join(known)}")
        return names

    def _renamed(self, body: Written, states: Mapping[str, State]) -> Mapping[str, str]:
        given = body.get("renamed", {})
        if not isinstance(given, Mapping):
            self.complain(("renamed",), "must be a table of former names and present ones")
            return {}
        renamed = {}
        for former, now in given.items():
            where = ("renamed", str(former))
            if not isinstance(now, str) or canonical_state(now) not in states:
                self.complain(where, _no_state(str(now), states))
            elif former in states:
                self.complain(where, "is a state still")
            else:
                renamed[str(former)] = canonical_state(now)
        return renamed

    def _duration(self, text: str) -> timedelta | None:
        try:
            return parse_duration(text)
        except ValueError as error:
            self.complain(("close_after",), str(error))
            return None


def _names_in(table: Written) -> Iterable[str]:
    """States that an edge names."""
    for key in ("from", "to"):
        value = table.get(key, ())
        for one in (value,) if isinstance(value, str) else value if isinstance(value, list) else ():
            if isinstance(one, str):
                yield canonical_state(one)


def _no_state(name: str, states: Collection[str]) -> str:
    near = difflib.get_close_matches(name, states, n=1)
    return f"there is no state {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
