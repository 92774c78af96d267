"""Which tickets a list shows: its conditions, the index that leads to them, and how far it walks.

Under row-level security only leakproof operators reach an index: comparisons of texts, numbers and
times do; patterns and what looks into JSON do not. So one condition leads, by its index, and all
others are tried row by row, on at most `WALK_AT_MOST` rows a page.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Select,
    and_,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.sql import ColumnElement

from gateway.access.principal import Principal
from gateway.access.sight import Sight, sight_of
from gateway.storage.postgres.kernel.database import Transaction
from gateway.storage.postgres.kernel.tables import (
    any_of,
    reports,
    strands,
    ticket_alerts,
    ticket_refs,
    tickets,
)
from gateway.storage.postgres.queries.visibility import visible
from gateway.tickets.naming import TICKET_ID, number_in
from gateway.tickets.ticket import LIVE, SYSTEM
from gateway.tickets.view import TicketFilter
from matchers import Matcher, Operator

WALK_AT_MOST = 20_000
"""Tickets that are looked at for one page, one by one."""
COSTLY_WALK_AT_MOST = 5_000
"""Where each costs more: its labels are tried by a pattern, or its alerts' sources looked up."""
_TRIED_AT_ONCE = 1_000
"""Of tickets whose labels are tried here, by patterns that PostgreSQL does not know."""

_LIVE = ", ".join(f"'{status}'" for status in sorted(LIVE))
LIVE_ROWS: ColumnElement[bool] = literal_column(f"tickets.status IN ({_LIVE})", Boolean)
"""Written out: an index of live tickets is used for this text, and for no array of parameters."""

_EQUALITIES = (Operator.EQUAL, Operator.NOT_EQUAL)

Conditions = Sequence[ColumnElement[bool]]


class Listed(NamedTuple):
    """Ids of one page, newest first; *walked_to*: it ends here, and more may come behind it."""

    ids: Sequence[str]
    walked_to: str | None


@dataclass(frozen=True, slots=True)
class _Walk:
    """*leading* reaches an index and gives its rows in the order of their ids."""

    leading: Conditions
    others: Conditions
    patterns: Sequence[Matcher]

    reach: int
    """How many rows a page may come by."""

    @property
    def picks(self) -> bool:
        """Some of the rows that it comes by are not shown."""
        return bool(self.others or self.patterns)


def seen(by: Principal) -> list[ColumnElement[bool]]:
    """What every query of tickets begins with: whose they are, and that *by* sees them."""
    return [tickets.c.tenant_id == by.tenant, visible(by)]


async def listed(
    transaction: Transaction,
    by: Principal,
    narrowed: TicketFilter,
    after: str | None,
    limit: int,
) -> Listed:
    """At most *limit* tickets older than the one with id *after*."""
    text = narrowed.text
    if text is not None and after is None:
        found = await _looked_up(transaction, by, narrowed, text)
        if found or TICKET_ID.fullmatch(text) or text.startswith("#"):
            return Listed(found, None)
    walk = _walk(by, narrowed)
    fence = await _fence(transaction, walk, after) if walk.picks else None
    ids = await _picked(transaction, walk, after, fence, limit)
    return Listed(ids, fence if len(ids) < limit else None)


async def _looked_up(
    transaction: Transaction, by: Principal, narrowed: TicketFilter, text: str
) -> list[str]:
    """The ticket that *text* names by its id, number or key, if the other conditions let it."""
    named = _named_by(text)
    if named is None:
        return []
    others = [one for name, one in _conditions(by.tenant, narrowed) if name != "text"]
    query = select(tickets.c.id, tickets.c.labels).where(*seen(by), named, *others)
    rows = (await transaction.connection.execute(query)).all()
    return [row.id for row in rows if _all_match(narrowed.matchers, row.labels)]


def _named_by(text: str) -> ColumnElement[bool] | None:
    if TICKET_ID.fullmatch(text):
        return tickets.c.id == text
    number = number_in(text)
    if number is None:
        return None
    named = tickets.c.number == number
    # `DB-2` may be a host: it names a ticket only where tickets have such names.
    return and_(named, tickets.c.project != "") if "-" in text else named


async def _fence(transaction: Transaction, walk: _Walk, after: str | None) -> str | None:
    """The last ticket that this page may walk to; None: there are not as many.

    Asked for first: what leaves the index meanwhile moves the end of no walk.
    """
    query = select(tickets.c.id).where(*_between(walk, after, None))
    query = query.order_by(tickets.c.id.desc()).offset(walk.reach - 1).limit(1)
    found: str | None = await transaction.connection.scalar(query)
    return found


async def _picked(
    transaction: Transaction, walk: _Walk, after: str | None, fence: str | None, limit: int
) -> list[str]:
    if not walk.patterns:
        query = _page_query(walk, after, fence, limit)
        return list(await transaction.connection.scalars(query))
    ids: list[str] = []
    while len(ids) < limit:
        query = _page_query(walk, after, fence, _TRIED_AT_ONCE)
        rows = (await transaction.connection.execute(query.add_columns(tickets.c.labels))).all()
        ids += [row.id for row in rows if _all_match(walk.patterns, row.labels)]
        if len(rows) < _TRIED_AT_ONCE:
            break
        after = rows[-1].id
    return ids[:limit]


def _page_query(walk: _Walk, after: str | None, fence: str | None, limit: int) -> Select[Any]:
    """Ids of one page."""
    query = select(tickets.c.id).where(*_between(walk, after, fence), *walk.others)
    return query.order_by(tickets.c.id.desc()).limit(limit)


def _between(walk: _Walk, after: str | None, fence: str | None) -> list[ColumnElement[bool]]:
    conditions = [*walk.leading]
    if after is not None:
        conditions.append(tickets.c.id < after)
    if fence is not None:
        conditions.append(tickets.c.id >= fence)
    return conditions


def _walk(by: Principal, narrowed: TicketFilter) -> _Walk:
    """Who sees but some tickets has the others tried and left out like those of any condition: what
    it has asked for itself has an index.
    """
    sight, others = sight_of(by), list[ColumnElement[bool]]()
    if sight == Sight(own=sight.own) and sight.own and not narrowed.requester:
        narrowed = replace(narrowed, requester=(sight.own,))
    elif not (sight.everything or sight.but_closed == frozenset()):
        others.append(visible(by))
    covers, leading = _leading(by.tenant, narrowed)
    others += [one for name, one in _conditions(by.tenant, narrowed) if name not in covers]
    patterns = [one for one in narrowed.matchers if one.op not in _EQUALITIES]
    reach = COSTLY_WALK_AT_MOST if patterns or narrowed.source else WALK_AT_MOST
    return _Walk([tickets.c.tenant_id == by.tenant, *leading], others, patterns, reach)


def _leading(tenant: int, narrowed: TicketFilter) -> tuple[Collection[str], Conditions]:
    """The condition whose index is walked, and the names of those that it says in full.

    The predicates of partial indexes are repeated as they are written there.
    """
    if len(narrowed.references) == 1:
        return {"references"}, [_refers_to(tenant, narrowed.references)]
    columns = tickets.c
    live = bool(narrowed.status) and LIVE.issuperset(narrowed.status)
    all_live = {"status"} if set(narrowed.status) == LIVE else set()
    for name, column, nobody in (
        ("assignee", columns.assignee, ""),
        ("requester", columns.requester, SYSTEM),
        ("group", columns.assignee_group, ""),
        ("project", columns.project, ""),
    ):
        values = getattr(narrowed, name)
        if len(values) != 1 or values[0] == nobody:
            continue
        leading = [column == values[0], column != literal_column(f"'{nobody}'")]
        if name != "group":
            return {name}, leading
        if live:
            return {name} | all_live, [*leading, LIVE_ROWS]
    return (all_live, [LIVE_ROWS]) if live else ((), ())


def _conditions(tenant: int, narrowed: TicketFilter) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """Everything that PostgreSQL can be asked, by the names of the filter's fields."""
    columns = tickets.c
    for name, column in (
        ("status", columns.status), ("type", columns.type), ("project", columns.project),
        ("priority", columns.priority), ("assignee", columns.assignee),
        ("group", columns.assignee_group), ("requester", columns.requester),
        ("rule", columns.rule),
    ):  # fmt: skip
        if values := getattr(narrowed, name):
            yield name, any_of(column, values)
    if narrowed.state:
        named = func.coalesce(columns.state, columns.status)
        yield "state", or_(*(named == one for one in narrowed.state))
    yield from _elsewhere(tenant, narrowed)
    if narrowed.major is not None:
        yield "major", columns.major if narrowed.major else not_(columns.major)
    if narrowed.silenced is not None:
        quiet = and_(columns.firing > 0, columns.silenced == columns.firing)
        yield "silenced", quiet if narrowed.silenced else not_(quiet)
    for matcher in narrowed.matchers:
        if matcher.op in _EQUALITIES:
            yield "matchers", _on_labels(matcher)
    if narrowed.text is not None:
        yield "text", _mentions(narrowed.text)


def _elsewhere(tenant: int, narrowed: TicketFilter) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """What lies in rows of other tables."""
    if narrowed.source:
        yield "source", _reported_by(tenant, narrowed.source)
    if narrowed.references:
        yield "references", _refers_to(tenant, narrowed.references)


def _on_labels(matcher: Matcher) -> ColumnElement[bool]:
    """A missing label equals an empty one."""
    value = func.coalesce(tickets.c.labels[matcher.name].astext, "")
    return value == matcher.value if matcher.op is Operator.EQUAL else value != matcher.value


def _mentions(text: str) -> ColumnElement[bool]:
    return or_(
        tickets.c.title.icontains(text, autoescape=True),
        tickets.c.description.icontains(text, autoescape=True),
    )


def _refers_to(tenant: int, references: Sequence[tuple[str, str]]) -> ColumnElement[bool]:
    """Of one reference its index gives them in the order of their ids."""
    columns = ticket_refs.c
    named = [and_(columns.kind == kind, columns.reference == name) for kind, name in references]
    found = select(1).where(
        columns.tenant_id == tenant, columns.ticket_id == tickets.c.id, or_(*named)
    )
    return exists(found)


def _reported_by(tenant: int, sources: Sequence[str]) -> ColumnElement[bool]:
    """Asked ticket by ticket: OFFSET keeps the planner from reading all reports for one page."""
    joined = ticket_alerts.join(
        strands,
        and_(
            strands.c.tenant_id == ticket_alerts.c.tenant_id,
            strands.c.fingerprint == ticket_alerts.c.fingerprint,
        ),
    ).join(
        reports,
        and_(reports.c.tenant_id == strands.c.tenant_id, reports.c.strand == strands.c.strand),
    )
    return exists(
        select(1)
        .select_from(joined)
        .where(
            ticket_alerts.c.tenant_id == tenant,
            ticket_alerts.c.ticket_id == tickets.c.id,
            any_of(reports.c.source, sources),
        )
        .offset(0)
    )


def _all_match(matchers: Sequence[Matcher], labels: dict[str, str]) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)
