"""Lists of a tenant of years: each has its index, and none looks at more than it says."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import event

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.clock import system_clock
from gateway.history.view import AuditFilter, AuditPosition
from gateway.storage.postgres.kernel.connect import create_engine
from gateway.storage.postgres.kernel.database import Database
from gateway.storage.postgres.queries import ticket_lists
from gateway.storage.postgres.queries.audit_lists import AuditListQueries
from gateway.storage.postgres.queries.links import LinkQueries
from gateway.storage.postgres.queries.ticket_counts import TicketCountQueries
from gateway.storage.postgres.queries.tickets import TicketQueries
from gateway.tickets.ticket import LIVE
from gateway.tickets.view import CountedBy, TicketFilter
from matchers import parse
from tests.conftest import Databases
from tests.storage.postgres.many import MANY, NEWEST, fill

ADMIN = Principal(1, "u_admin", Role.ADMIN)
ALL_LIVE = tuple(sorted(LIVE))


@pytest.fixture(scope="module")
def years(databases: Databases, migrated_template: str) -> Iterator[str]:
    """URL of the database of `many`."""
    name = databases.create(migrated_template)
    databases.runner.run(fill(databases.url_of(name)))
    yield databases.url_of(name)
    databases.drop(name)


@pytest.fixture
async def database(years: str) -> AsyncIterator[Database]:
    """As gateway_app: row-level security is forced."""
    engine = create_engine(years)
    yield Database(engine)
    await engine.dispose()


async def plans(database: Database, ask: Callable[[], Awaitable[object]]) -> Sequence[str]:
    """How PostgreSQL answers each statement that *ask* sends about tickets or history."""
    sent: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        sent.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    asked = [one for one in sent if "FROM tickets" in one[0] or "FROM history" in one[0]]
    assert asked
    return [await plan(database, *one) for one in asked]


async def plan(database: Database, statement: str, parameters: Any = ()) -> str:
    async with database.tenant(1) as transaction:
        rows = await transaction.driver.fetch(f"EXPLAIN {statement}", *parameters)
    return "\n".join(row[0] for row in rows)


def words(plan: str) -> set[str]:
    """An index is named among them; the beginning of its name alone is not."""
    return set(re.findall(r"\w+", plan))


@pytest.mark.parametrize(
    ("index", "narrowed"),
    [
        ("tickets_pkey", TicketFilter()),
        ("tickets_live", TicketFilter(status=ALL_LIVE)),
        ("tickets_live", TicketFilter(status=("open",))),
        ("tickets_live", TicketFilter(status=ALL_LIVE, assignee=("",))),
        ("tickets_live", TicketFilter(status=ALL_LIVE, priority=("critical",))),
        ("tickets_live_group", TicketFilter(status=ALL_LIVE, group=("group-4",))),
        ("tickets_of_assignee", TicketFilter(assignee=("u_6",))),
        ("tickets_of_assignee", TicketFilter(status=ALL_LIVE, assignee=("u_20",))),
        ("tickets_of_requester", TicketFilter(requester=("u_7",))),
        ("tickets_of_project", TicketFilter(project=("P3",))),
        ("ticket_refs_to", TicketFilter(references=[("asset", "host-17")])),
        ("ticket_refs_to", TicketFilter(references=[("asset", "host-20")], status=ALL_LIVE)),
        ("ticket_refs_to", TicketFilter(references=[("service", "all")])),
        ("tickets_tenant_id_number_key", TicketFilter(text="#17")),
        ("tickets_pkey", TicketFilter(text=NEWEST)),
    ],
)
async def test_a_list_of_tickets_is_read_from_its_index(
    database: Database, index: str, narrowed: TicketFilter
) -> None:
    queries = TicketQueries(database)
    for after in (None, f"tk_{MANY // 2:026x}"):
        if after and narrowed.text:
            continue
        found = await plans(database, partial(queries.page, ADMIN, narrowed, after, 51))
        assert index in words(found[0]), found[0]
        assert all("Seq Scan" not in one for one in found), "\n\n".join(found)
        assert all("Sort" not in one for one in found[:-3]), "\n\n".join(found)
        assert (await queries.page(ADMIN, narrowed, after, 51)).tickets


@pytest.mark.parametrize(
    ("index", "narrowed"),
    [
        ("history_applied", AuditFilter()),
        ("history_applied", AuditFilter(field=("status",))),
        ("history_by_people", AuditFilter(actor=("u_20",))),
        ("history_by_people", AuditFilter(only="u_20")),
        ("history_pkey", AuditFilter(kind=("ticket",), object=(NEWEST,))),
    ],
)
async def test_the_audit_is_read_from_its_index(
    database: Database, index: str, narrowed: AuditFilter
) -> None:
    queries = AuditListQueries(database)
    place = AuditPosition(MANY // 2, "ticket", f"tk_{MANY // 2:026x}", 1)
    for ask in (
        lambda: queries.latest(ADMIN, narrowed, None, 51),
        lambda: queries.latest(ADMIN, narrowed, place, 51),
        lambda: queries.following(ADMIN, narrowed, None, 51),
        lambda: queries.following(ADMIN, narrowed, place, 51),
    ):
        found = await plans(database, ask)
        assert index in words(found[-1]), found[-1]
        about_history = [one for one in found if "Seq Scan on history" in one]
        assert not about_history, "\n\n".join(found)


@pytest.mark.parametrize(
    ("index", "statement"),
    [
        ("tickets_resolved", "SELECT count(*) FROM tickets WHERE tenant_id = 1 AND"
         " resolved_at IS NOT NULL AND resolved_at BETWEEN '2026-03-01Z' AND '2026-03-02Z'"),
        ("episodes_began", "SELECT count(*) FROM episodes WHERE tenant_id = 1"
         " AND starts_at >= '2026-03-01Z' AND starts_at < '2026-03-02Z'"),
    ],
)  # fmt: skip
async def test_what_reports_ask_is_read_from_its_index(
    database: Database, index: str, statement: str
) -> None:
    found = await plan(database, statement)
    assert index in words(found), found
    assert "Seq Scan" not in found, found


async def test_the_links_of_a_ticket_are_read_from_the_indexes_of_both_directions(
    database: Database,
) -> None:
    queries, ticket = LinkQueries(database), f"tk_{503:026x}"
    for after in (None, ("parent", False, "")):
        found = (await plans(database, partial(queries.links, ADMIN, ticket, after, 51)))[-1]
        wanted = {"ticket_links_from", "ticket_links_to", "tickets_of_original"}
        assert wanted <= words(found), found
        assert "Seq Scan" not in found, found
    kinds = {one.kind for one in await queries.links(ADMIN, ticket, None, 201)}
    assert len(kinds) == 3, "one from each direction, and its duplicates"


@pytest.mark.parametrize(
    ("index", "statement"),
    [
        ("ticket_refs_pkey", "SELECT * FROM ticket_refs WHERE tenant_id = 1"
         f" AND ticket_id = '{NEWEST}' ORDER BY kind, reference"),
        ("ticket_refs_to", "SELECT ticket_id FROM ticket_refs WHERE tenant_id = 1"
         " AND kind = 'asset' AND reference = 'host-7' ORDER BY ticket_id DESC LIMIT 51"),
        ("watchers_pkey", "SELECT * FROM watchers WHERE tenant_id = 1"
         f" AND ticket_id = '{NEWEST}' ORDER BY user_id"),
        ("watchers_of_user", "SELECT ticket_id FROM watchers WHERE tenant_id = 1"
         " AND user_id = 'u_9'"),
    ],
)  # fmt: skip
async def test_what_binds_a_ticket_is_read_from_its_index(
    database: Database, index: str, statement: str
) -> None:
    found = await plan(database, statement)
    assert index in words(found), found
    assert "Seq Scan" not in found, found
    assert "Sort" not in found, found


async def test_counts_of_live_tickets_read_live_tickets_alone(database: Database) -> None:
    queries = TicketCountQueries(database, system_clock)
    for by in CountedBy:
        (found,) = await plans(database, partial(queries.live, ADMIN, by))
        assert "tickets_live" in words(found), found
    assert sum((await queries.live(ADMIN, CountedBy.STATUS)).values()) == MANY // 20


async def test_who_asked_for_tickets_is_led_to_them_by_their_index(database: Database) -> None:
    """A requester sees nothing else, and need not say that they want their own."""
    requester = Principal(1, "u_7", Role.REQUESTER, user="u_7")
    queries = TicketQueries(database)
    found = await plans(database, partial(queries.page, requester, TicketFilter(), None, 51))
    assert "tickets_of_requester" in words(found[0]), found[0]
    page = await queries.page(requester, TicketFilter(), None, 501)
    assert [one.ticket.requester for one in page.tickets] == ["u_7"] * (MANY // 500)


async def test_a_page_walks_a_bounded_way_and_may_be_short_and_not_the_last(
    database: Database,
) -> None:
    """The one that is looked for is the oldest of all."""
    queries, pages, after = TicketQueries(database), [], None
    while True:
        found = await queries.page(ADMIN, TicketFilter(major=True), after, 51)
        pages.append([one.ticket.number for one in found.tickets])
        if found.walked_to is None:
            break
        after = found.walked_to
    most = ticket_lists.WALK_AT_MOST
    assert list(chain.from_iterable(pages)) == [1]
    assert len(pages) in (MANY // most, MANY // most + 1)


@pytest.mark.parametrize(
    "narrowed",
    [
        TicketFilter(matchers=parse('{team=~"team-[12]", host=~".*7"}')),
        TicketFilter(matchers=parse('{team="team-1", host!="host-8"}')),
        TicketFilter(text="HOST 77"),
        TicketFilter(assignee=("u_0", "u_6"), priority=("high", "low")),
    ],
)
async def test_pages_of_any_filter_show_every_ticket_once(
    database: Database, narrowed: TicketFilter
) -> None:
    queries, shown, after = TicketQueries(database), [], None
    while True:
        found = await queries.page(ADMIN, narrowed, after, 501)
        ids = [one.ticket.id for one in found.tickets]
        shown += ids
        after = ids[-1] if len(ids) == 501 else found.walked_to
        if after is None:
            break
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == len(set(shown)) == await expected(database, narrowed)


async def expected(database: Database, narrowed: TicketFilter) -> int:
    """Counted otherwise: every row is looked at here."""
    count = 0
    async with database.tenant(1) as transaction:
        rows = await transaction.driver.fetch(
            "SELECT title, assignee, priority, labels ->> 'team' AS team, labels ->> 'host' AS host"
            " FROM tickets"
        )
    for row in rows:
        labels = {"team": row["team"], "host": row["host"]}
        count += (
            all(one.matches(labels) for one in narrowed.matchers)
            and (narrowed.text or "").lower() in row["title"].lower()
            and row["assignee"] in (narrowed.assignee or (row["assignee"],))
            and row["priority"] in (narrowed.priority or (row["priority"],))
        )
    return count
