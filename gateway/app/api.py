"""What a process answers: the endpoints of its roles, who stands behind them, and who is let in."""

from contextlib import AsyncExitStack

from gateway.app.intake import Intake
from gateway.app.process import Parts
from gateway.app.readiness import ProcessReadiness
from gateway.intake.journal import Journal
from gateway.metrics import Metrics, render
from gateway.roles import ProcessRole
from gateway.storage.postgres.ledger.rehearsal import PostgresRehearsal
from gateway.storage.postgres.nouns.declarations import PostgresDeclarations
from gateway.storage.postgres.queries.alerts import AlertQueries
from gateway.storage.postgres.queries.audit_lists import AuditListQueries
from gateway.storage.postgres.queries.comments import CommentQueries
from gateway.storage.postgres.queries.letters import LetterQueries
from gateway.storage.postgres.queries.links import LinkQueries
from gateway.storage.postgres.queries.people import PeopleQueries, TokenQueries
from gateway.storage.postgres.queries.tenants import TenantsByName
from gateway.storage.postgres.queries.ticket_counts import TicketCountQueries
from gateway.storage.postgres.queries.tickets import TicketQueries
from gateway.web.api import (
    alerts,
    audit,
    comments,
    dead_letters,
    declared,
    description,
    explain,
    groups,
    links,
    members,
    operations,
    references,
    settings,
    silences,
    ticket_parts,
    tickets,
    tokens,
    users,
    watchers,
    workflows,
)
from gateway.web.api import intake as senders
from gateway.web.api.ticket_names import by_any_name
from gateway.web.http.body import BodyReader
from gateway.web.http.measures import OnAnswer
from gateway.web.http.routes import Served, served_by
from gateway.web.http.server import WebServer, create_web_app, run_server
from gateway.web.signatures.verify import Signers, verify_signatures


async def open_server(
    stack: AsyncExitStack,
    parts: Parts,
    roles: frozenset[ProcessRole],
    intake: Intake | None,
    readiness: ProcessReadiness,
) -> WebServer:
    """It listens until *stack* is closed. *intake* is None in a process that takes nothing in."""
    config, bodies = parts.config, BodyReader(parts.config.http)
    on_failure = parts.entrance.guard.on_failure
    app = create_web_app(
        _routes_for(parts, roles, bodies, intake, readiness),
        bodies,
        config.http,
        parts.entrance.guard,
        _count_answer(parts.metrics),
        [verify_signatures(_signers(parts, bodies), on_failure)],
    )
    return await stack.enter_async_context(run_server(app, config.http, config.shutdown.grace))


def _routes_for(
    parts: Parts,
    roles: frozenset[ProcessRole],
    bodies: BodyReader,
    intake: Intake | None,
    readiness: ProcessReadiness,
) -> list[Served]:
    operating = operations.OperationsHandlers(readiness.reasons, lambda: _scraped(parts, intake))
    routes = served_by(operating, operations.ENDPOINTS)
    if intake is not None:
        routes += _senders(parts, bodies, intake.journal)
    if ProcessRole.API in roles:
        routes += [*_people(parts, bodies), *_people_themselves(parts)]
    if ProcessRole.API in roles and intake is not None:
        routes += _replay(parts, intake.journal)
    return routes


def _scraped(parts: Parts, intake: Intake | None) -> bytes:
    if intake is not None:
        intake.gauges.refresh()
    return render(parts.metrics)


def _senders(parts: Parts, bodies: BodyReader, journal: Journal) -> list[Served]:
    handlers = senders.IntakeHandlers(parts.checker, journal, bodies, parts.clock, parts.metrics)
    return served_by(handlers, senders.ENDPOINTS)


def _replay(parts: Parts, journal: Journal) -> list[Served]:
    letters = LetterQueries(parts.database)
    handlers = dead_letters.ReplayHandlers(letters, parts.checker, journal, parts.clock)
    return served_by(handlers, dead_letters.REPLAY_ENDPOINTS)


def _people(parts: Parts, bodies: BodyReader) -> list[Served]:
    clock, silenced = parts.clock, parts.silences
    read_alerts, read_tickets = AlertQueries(parts.database), TicketQueries(parts.database)
    rehearsal, longest = PostgresRehearsal(parts.database), parts.config.silences.max_duration
    why = explain.ExplainHandlers(parts.checker, rehearsal, read_alerts, silenced, bodies, clock)
    counter = TicketCountQueries(parts.database, clock)
    desk = tickets.TicketHandlers(
        read_tickets, counter, parts.door.perform, silenced, clock, parts.workflows.current
    )
    ticket_part = ticket_parts.TicketPartHandlers(read_tickets, silenced, clock)
    written = comments.CommentHandlers(CommentQueries(parts.database), parts.door.perform)
    quiet = silences.SilenceHandlers(silenced, parts.door.perform, read_alerts, clock, longest)
    declarations = PostgresDeclarations(parts.database, clock)
    letters = dead_letters.DeadLetterHandlers(LetterQueries(parts.database))
    served = [
        *served_by(why, explain.ENDPOINTS),
        *served_by(desk, tickets.ENDPOINTS),
        *served_by(ticket_part, ticket_parts.ENDPOINTS),
        *served_by(written, comments.ENDPOINTS),
        *_bound(parts),
        *served_by(alerts.AlertHandlers(read_alerts, silenced, clock), alerts.ENDPOINTS),
        *served_by(quiet, silences.ENDPOINTS),
        *served_by(audit.AuditHandlers(AuditListQueries(parts.database)), audit.ENDPOINTS),
        *served_by(declared.DeclaredHandlers(declarations), declared.ENDPOINTS),
        *served_by(settings.SettingHandlers(declarations, parts.door.perform), settings.ENDPOINTS),
        *served_by(letters, dead_letters.ENDPOINTS),
        *served_by(workflows.WorkflowHandlers(parts.workflows.current), workflows.ENDPOINTS),
        *served_by(description.DescriptionHandlers(), description.ENDPOINTS),
    ]
    return [by_any_name(one, read_tickets.id_of) for one in served]


def _signers(parts: Parts, bodies: BodyReader) -> Signers:
    sources = parts.config.sources.items()
    signing = {name: source.signing for name, source in sources if source.signing}
    return Signers(signing, bodies, parts.clock, TenantsByName(parts.own_database).id_of)


def _people_themselves(parts: Parts) -> list[Served]:
    known, perform = PeopleQueries(parts.database), parts.door.perform
    theirs = tokens.TokenHandlers(TokenQueries(parts.database), perform, parts.config.sources)
    return [
        *served_by(users.UserHandlers(known, perform), users.ENDPOINTS),
        *served_by(groups.GroupHandlers(known, perform), groups.ENDPOINTS),
        *served_by(members.MemberHandlers(known, perform), members.ENDPOINTS),
        *served_by(theirs, tokens.ENDPOINTS),
    ]


def _bound(parts: Parts) -> list[Served]:
    """What binds tickets."""
    read, perform = LinkQueries(parts.database), parts.door.perform
    return [
        *served_by(links.LinkHandlers(read, perform), links.ENDPOINTS),
        *served_by(references.ReferenceHandlers(read, perform), references.ENDPOINTS),
        *served_by(watchers.WatcherHandlers(read, perform), watchers.ENDPOINTS),
    ]


def _count_answer(metrics: Metrics) -> OnAnswer:
    def count(route: str, method: str, status: int, seconds: float) -> None:
        metrics.http_requests_total.labels(route, method, str(status)).inc()
        metrics.http_request_duration_seconds.labels(route).observe(seconds)

    return count
