"""The one door for people and time: load under locks, check, decide, save, commit, each once."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select

from gateway.access.principal import Principal
from gateway.alerts.rule import Rule
from gateway.changes.command import Command, Needs, StaleVersion
from gateway.clock import Clock
from gateway.declarations.declared import AllDeclared
from gateway.effects.working_set import WorkingSet, default_rule
from gateway.errors import GatewayError, NotFound
from gateway.events.routing import Route
from gateway.storage.postgres.kernel.bound.loading import (
    Hands,
    hands_of,
    live_children,
    load_bound,
    lock_links,
)
from gateway.storage.postgres.kernel.bound.unseen import keep_unseen
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.idempotency import Kept, read_comment
from gateway.storage.postgres.kernel.people.load import load_people, load_token, lock_people
from gateway.storage.postgres.kernel.rows import SILENCES, TICKETS
from gateway.storage.postgres.kernel.tables import tickets
from gateway.storage.postgres.kernel.working_set import (
    RowsMoved,
    load_standing,
    load_working_set,
    lock,
)
from gateway.storage.postgres.statements import load
from gateway.storage.postgres.workflows import TenantWorkflows
from gateway.tickets.visibility import sees
from gateway.upkeep.piece import Piece

Answer = TypeVar("Answer")
P = TypeVar("P", bound=Piece)

Find = Callable[[Transaction], Awaitable[P | None]]
"""What is due, found without locks; None: nothing."""
Complete = Callable[[Transaction, WorkingSet, P], Awaitable[P]]
"""The piece with what can only be known under the locks."""

SQL, TICKET_SQL = load("kernel"), load("tickets")


async def _nobody(tenant: int, now: datetime) -> None:
    pass


class Door:
    """The one door for people and time. *rule_named* finds the configured rule; *on_silences* is
    awaited after a change of silences; *clock* None: a command's moment is PostgreSQL's.
    """

    def __init__(
        self,
        database: Database,
        routes: Sequence[Route] = (),
        rule_named: Callable[[str], Rule] = default_rule,
        on_silences: Callable[[int, datetime], Awaitable[None]] = _nobody,
        clock: Clock | None = None,
        workflows: TenantWorkflows | None = None,
    ) -> None:
        self._database = database
        self._routes = routes
        self._rule_named = rule_named
        self._on_silences = on_silences
        self._clock = clock
        self._workflows = workflows or TenantWorkflows()

    async def perform(
        self, command: Command[WorkingSet, Answer], by: Principal, key: str | None = None
    ) -> Answer:
        """See `Perform`."""
        by.check_anywhere(command.permission)
        silenced: list[datetime] = []

        async def attempt(transaction: Transaction) -> Answer:
            kept = Kept(transaction, by, key, command)
            known = await kept.known()
            if known is not None:
                await _check_still_seen(transaction, command.needs(), by)
                answer: Answer = known[0]
                return answer
            rows = await self._load(transaction, command.needs(), by)
            for project in _projects(rows, command.needs()):
                by.check(command.permission, project)
            now = await self._now(transaction)
            try:
                answer = command.decide(rows, by, now)
            except GatewayError as refusal:
                await keep_unseen(transaction.connection, by, refusal)
                raise
            await self._database.save(transaction, rows, self._routes, now)
            answer = _as_saved(rows, answer)
            await kept.keep(answer)
            silenced[:] = [now] if rows.changed_silences else []
            return answer

        answer = await self._database.retrying(by.tenant, attempt)
        for now in silenced:
            await self._on_silences(by.tenant, now)
        return answer

    async def _now(self, transaction: Transaction) -> datetime:
        """Under the locks: who waited for them comes later, in time as in history."""
        if self._clock is not None:
            return self._clock()
        now: datetime = await transaction.driver.fetchval(SQL["now"])
        return now

    async def visit(
        self,
        tenant: int,
        now: datetime,
        find: Find[P],
        complete: Complete[P] | None = None,
    ) -> P | None:
        """Time's piece as it was decided and saved, repeated if it met others; None: nothing due.

        It brings its own *now*: what was received by then is applied, in whichever journal it lay.
        """

        async def attempt(transaction: Transaction) -> P | None:
            piece = await find(transaction)
            if piece is None:
                return None
            alerts, tickets = piece.needs()
            rows = await load_working_set(transaction.driver, tenant, alerts, (), tickets)
            await self._tell(transaction, rows)
            if complete is not None:
                piece = await complete(transaction, rows, piece)
            piece.decide(rows, now)
            await self._database.save(transaction, rows, self._routes, now)
            return piece

        return await self._database.retrying(tenant, attempt)

    async def _tell(self, transaction: Transaction, rows: WorkingSet) -> None:
        """What is configured and declared, beside the rows."""
        rows.rule_named = self._rule_named
        rows.book = await self._database.book(transaction)
        rows.workflows = await self._workflows.of(transaction.driver, transaction.tenant)
        rows.ticketing = transaction.entered.ticketing

    async def _load(self, transaction: Transaction, needs: Needs, by: Principal) -> WorkingSet:
        driver, tenant = transaction.driver, transaction.tenant
        await lock_links(driver, tenant, needs)
        if needs.changes_people:
            await lock_people(driver, tenant)
        standing = await load_standing(driver, tenant) if needs.declarations else AllDeclared()
        along = await _around(transaction, needs)
        rows = await load_working_set(driver, tenant, along.alerts, along.keys, along.tickets)
        await self._tell(transaction, rows)
        rows.standing = standing
        if needs.ticket is not None and needs.alerts_follow:
            moved_by = await driver.fetchval(TICKET_SQL["moved_by"], tenant, needs.ticket)
            rows.moved_by[needs.ticket] = moved_by or ""
        if needs.silence is not None:
            for silence in await lock(driver, SILENCES, tenant, [needs.silence]):
                rows.silences[silence.id] = silence
        if needs.ticket is not None and needs.comment is not None:
            await _load_comment(transaction, rows, needs.ticket, needs.comment)
        await _load_people(transaction, rows, needs)
        if not along.covers(await _around(transaction, needs)):
            raise RowsMoved("an alert has moved to another window or ticket")
        _check(rows, needs, by)
        await load_bound(driver, tenant, needs, rows.bound)
        rows.live_children = await live_children(driver, tenant, needs)
        return rows


async def _load_comment(transaction: Transaction, rows: WorkingSet, ticket: str, key: str) -> None:
    """It changes under its ticket's lock alone."""
    found = await read_comment(transaction, ticket, key)
    if found is not None:
        rows.comments[key] = found
    count = TICKET_SQL["count_revisions"]
    tenant = transaction.tenant
    rows.revisions_of[key] = await transaction.driver.fetchval(count, tenant, ticket, key)


async def _load_people(transaction: Transaction, rows: WorkingSet, needs: Needs) -> None:
    """Those whom a comment mentions too."""
    driver, tenant = transaction.driver, transaction.tenant
    names = {*needs.people, *(name for one in rows.comments.values() for name in one.mentions)}
    await load_people(driver, tenant, rows.people, names, with_admins=needs.changes_people)
    if needs.token is not None:
        await load_token(driver, tenant, rows.people, needs.token)


async def _around(transaction: Transaction, needs: Needs) -> Hands:
    """Windows and tickets to lock with what is named: looked at before the locks, and again."""
    driver, tenant = transaction.driver, transaction.tenant
    along = await hands_of(driver, tenant, needs)
    if needs.alerts_follow:
        found = await driver.fetch(TICKET_SQL["keys_of"], tenant, needs.ticket, needs.stays_live)
        along.keys.update(row["merge_key"] for row in found)
    if needs.alert is not None:
        along.alerts.add(needs.alert)
        place = await driver.fetchrow(TICKET_SQL["place_of"], tenant, needs.alert)
        if place is not None:
            along.keys.add(place["merge_key"])
            along.tickets.update({place["ticket_id"]} - {None})
    return along


def _projects(rows: WorkingSet, needs: Needs) -> list[str]:
    """Those in which the command needs its permission."""
    named = [rows.tickets[one].project for one in (needs.ticket, needs.other) if one is not None]
    return named or [needs.project]


async def _check_still_seen(transaction: Transaction, needs: Needs, by: Principal) -> None:
    """What was answered once is no answer to who must not see it any more."""
    for named in (needs.ticket, needs.other):
        if named is None:
            continue
        query = select(*TICKETS.selected()).where(
            tickets.c.tenant_id == transaction.tenant, tickets.c.id == named
        )
        found = (await transaction.connection.execute(query)).first()
        if found is None or not sees(by, TICKETS.read(found._mapping)):
            raise NotFound(f"no ticket {named}")


def _check(rows: WorkingSet, needs: Needs, by: Principal) -> None:
    """What is named is there, for the caller to see, and as the caller has seen it."""
    for named in (needs.ticket, needs.other):
        known = None if named is None else rows.tickets.get(named)
        if named is not None and (known is None or not sees(by, known)):
            raise NotFound(f"no ticket {named}")
    if needs.ticket is not None:
        ticket = rows.tickets[needs.ticket]
        if needs.version is not None and needs.version != ticket.version:
            raise StaleVersion(f"the ticket is at version {ticket.version}, not {needs.version}")
    if needs.alert is not None and needs.alert not in rows.alerts:
        raise NotFound(f"no alert {needs.alert.hex()}")
    if needs.token is not None and needs.token not in rows.people.tokens:
        raise NotFound(f"no token {needs.token}")
    if needs.comment is not None and needs.comment not in rows.comments:
        raise NotFound(f"no comment {needs.comment}")
    if needs.silence is not None and needs.silence not in rows.silences:
        raise NotFound(f"no silence {needs.silence}")


def _as_saved(rows: WorkingSet, answer: Any) -> Any:
    """The nouns of an answer with the number and the end of history that saving gave them."""
    if isinstance(answer, tuple):
        return tuple(_as_saved(rows, one) for one in answer)
    known = {**rows.tickets, **{str(key): one for key, one in rows.silences.items()}}
    return known.get(getattr(answer, "key", ""), answer)
