"""Which endpoints a process serves: its roles say which tables, and who stands behind them."""

from collections.abc import Callable

from gateway.app.parts import Parts
from gateway.intake.journal import Journal
from gateway.roles import ProcessRole
from gateway.storage.postgres.ledger.rehearsal import PostgresRehearsal
from gateway.storage.postgres.queries.alerts import AlertQueries
from gateway.storage.postgres.queries.comments import CommentQueries
from gateway.storage.postgres.queries.letters import LetterQueries
from gateway.storage.postgres.queries.tickets import TicketQueries
from gateway.web.api import (
    alerts,
    comments,
    dead_letters,
    description,
    explain,
    intake,
    operations,
    silences,
    ticket_parts,
    tickets,
)
from gateway.web.api.ticket_names import by_any_name
from gateway.web.http.body import BodyReader
from gateway.web.http.routes import Served, served_by


def routes_for(
    parts: Parts,
    roles: frozenset[ProcessRole],
    bodies: BodyReader,
    journal: Journal | None,
    unready: Callable[[], list[str]],
    scrape: Callable[[], bytes],
) -> list[Served]:
    """*journal* is None in a process that takes nothing in."""
    routes = served_by(operations.OperationsHandlers(unready, scrape), operations.ENDPOINTS)
    if journal is not None:
        routes += _senders(parts, bodies, journal)
    if ProcessRole.API in roles:
        routes += _people(parts, bodies)
    if ProcessRole.API in roles and journal is not None:
        letters = LetterQueries(parts.database)
        replay = dead_letters.ReplayHandlers(letters, parts.checker, journal, parts.clock)
        routes += served_by(replay, dead_letters.REPLAY_ENDPOINTS)
    return routes


def _senders(parts: Parts, bodies: BodyReader, journal: Journal) -> list[Served]:
    handlers = intake.IntakeHandlers(parts.checker, journal, bodies, parts.clock, parts.metrics)
    return served_by(handlers, intake.ENDPOINTS)


def _people(parts: Parts, bodies: BodyReader) -> list[Served]:
    clock, silenced = parts.clock, parts.silences
    read_alerts, read_tickets = AlertQueries(parts.database), TicketQueries(parts.database)
    rehearsal, longest = PostgresRehearsal(parts.database), parts.config.silences.max_duration
    why = explain.ExplainHandlers(parts.checker, rehearsal, read_alerts, silenced, bodies, clock)
    desk = tickets.TicketHandlers(read_tickets, parts.door.perform, silenced, clock)
    ticket_part = ticket_parts.TicketPartHandlers(read_tickets, silenced, clock)
    written = comments.CommentHandlers(CommentQueries(parts.database), parts.door.perform)
    quiet = silences.SilenceHandlers(silenced, parts.door.perform, read_alerts, clock, longest)
    letters = dead_letters.DeadLetterHandlers(LetterQueries(parts.database))
    served = [
        *served_by(why, explain.ENDPOINTS),
        *served_by(desk, tickets.ENDPOINTS),
        *served_by(ticket_part, ticket_parts.ENDPOINTS),
        *served_by(written, comments.ENDPOINTS),
        *served_by(alerts.AlertHandlers(read_alerts, silenced, clock), alerts.ENDPOINTS),
        *served_by(quiet, silences.ENDPOINTS),
        *served_by(letters, dead_letters.ENDPOINTS),
        *served_by(description.DescriptionHandlers(), description.ENDPOINTS),
    ]
    return [by_any_name(one, read_tickets.id_of) for one in served]
