"""One problem, as the bodies of every kind show it."""

from datetime import UTC, datetime, timedelta

from msgspec import structs

from gateway.access.permission import Role
from gateway.alerts.alert import AlertStatus
from gateway.alerts.opening import Level, TicketType
from gateway.alerts.outcome import Outcome
from gateway.alerts.severity import Severity
from gateway.comments.comment import Visibility
from gateway.links.link import LinkKind
from gateway.people.person import RightsOrigin
from gateway.silences.silence import SilenceState
from gateway.tickets.ticket import PriorityBy, TicketStatus
from gateway.tickets.triage import Triage
from gateway.web.api.declared_views import ShownTarget
from gateway.web.views.alert import AlertSource, ShownAlert
from gateway.web.views.audit import AuditEntry
from gateway.web.views.comment import (
    CommentDetail,
    ShownComment,
    ShownRevision,
    WrittenComment,
)
from gateway.web.views.explain import ForeseenTicket, NearSilence, ShownExplanation, ShownRule
from gateway.web.views.intake import ShownRejected
from gateway.web.views.links import ShownLink
from gateway.web.views.people import (
    ShownGrant,
    ShownMe,
    ShownMembership,
    ShownToken,
    ShownUser,
)
from gateway.web.views.silence import ShownSilence
from gateway.web.views.ticket import (
    HistoryEntry,
    ShownAction,
    ShownTicket,
    TicketDetail,
    TicketWindow,
)

BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LATER = BEGAN + timedelta(minutes=4)
TICKET_ID = "tk_019538a1c6403f2a9be07d5148"
STRAND = "9c56cc51b374c3ba189210d5b6d4bf57"
FINGERPRINT = "5f93f983524def3dca464469d2cf9f3e"
MATCHERS = '{alertname="DiskFull",team="db"}'
LABELS = {"alertname": "DiskFull", "instance": "db1", "severity": "critical", "team": "db"}
WEEK = {"mon-fri": ["08:00-17:00"]}
TARGETS = {"critical": ShownTarget(response="5m", resolution="2h")}
CELLS = {"high/high/low": "critical"}
BATCH = "0b7c1f0e5d8a4e6f9a3b2c1d0e4f5a6b-17"

OTHER_ID = "tk_019538a1c6403f2a9be07d5149"
LINK = ShownLink(
    kind=LinkKind.PARENT,
    end="from",
    ticket=OTHER_ID,
    number=16,
    title="Storage is old",
    status=TicketStatus.OPEN,
)

ALERT = ShownAlert(
    fingerprint=FINGERPRINT,
    labels=LABELS,
    annotations={"summary": "The disk of db1 is full"},
    severity=Severity.CRITICAL,
    status=AlertStatus.FIRING,
    triage=Triage.NONE,
    sources=[
        AlertSource(
            name="prometheus",
            fingerprint="",
            url="http://prometheus.example/graph",
            last_seen=LATER,
        )
    ],
    starts_at=BEGAN,
    ends_at=None,
    first_seen=BEGAN,
    last_seen=LATER,
    occurrences=9,
    episodes=1,
    silenced_by=[],
    last_outcome=Outcome.MERGED,
    rule="default",
    ticket_id=TICKET_ID,
)
TICKET = ShownTicket(
    id=TICKET_ID,
    number=17,
    key="17",
    type=TicketType.INCIDENT,
    title="The disk of db1 is full",
    description="",
    status=TicketStatus.OPEN,
    state="open",
    priority=Severity.CRITICAL,
    priority_by=PriorityBy.MATRIX,
    severity=Severity.CRITICAL,
    impact=Level.MEDIUM,
    urgency=Level.MEDIUM,
    major=False,
    workflow="incident_response",
    project="",
    rule="default",
    labels=LABELS,
    custom={},
    episodes=1,
    flaps=0,
    firing=1,
    silenced=0,
    unconfirmed=0,
    requester="system",
    assignee="",
    assignee_group="",
    sla=None,
    follows=None,
    duplicate_of=None,
    created_at=BEGAN,
    updated_at=BEGAN,
    resolved_at=None,
    closed_at=None,
    resolution="",
    resolution_note="",
    resolved_by="",
    close_at=None,
    version=1,
    occurrences=9,
    window=TicketWindow(opened_at=BEGAN, ends_at=None),
)
ENTRY = HistoryEntry(at=BEGAN, actor="system", field="status", old=None, new="open", comment="")
AUDITED = AuditEntry(
    **structs.asdict(ENTRY), kind="ticket", object=TICKET_ID, sequence=1, applied=4711
)
DETAIL = TicketDetail(
    **structs.asdict(TICKET),
    actions=[
        ShownAction(to="in_progress", name="in_progress", label="Start", needs=[], resolutions=[])
    ],
    alerts=[ALERT],
    alerts_count=1,
    alerts_next=None,
    history=[ENTRY],
    history_count=1,
    history_next=None,
    links=[LINK],
    links_next=None,
    parent=OTHER_ID,
    children=0,
    live_children=0,
    people={},
)
SILENCE = ShownSilence(
    id="7f1f6d7e-3c1c-4c7e-8a53-0d3a3c9b6f10",
    matchers=MATCHERS,
    starts_at=BEGAN,
    ends_at=BEGAN + timedelta(hours=2),
    author="local:anna",
    comment="The disk is being replaced",
    state=SilenceState.ACTIVE,
    created_at=BEGAN,
    updated_at=BEGAN,
)
REJECTED = ShownRejected(index=1, error="labels: at least one label pair required")
WAY = ShownExplanation(
    index=0,
    status="firing",
    labels=LABELS,
    severity=Severity.CRITICAL,
    strand=STRAND,
    fingerprint=FINGERPRINT,
    rule=ShownRule(name="default", match="", window_seconds=1800.0, group_by=[]),
    merge_key=FINGERPRINT,
    silenced_by=[],
    nearest_silences=[NearSilence(silence=SILENCE, failed=['team="web"'])],
    outcome=Outcome.MERGED,
    quiet_until=None,
    ticket=ForeseenTicket(
        id=TICKET_ID,
        new=False,
        title="The disk of db1 is full",
        status=TicketStatus.OPEN,
        priority=Severity.CRITICAL,
    ),
)
COMMENT = ShownComment(
    id="c_019b7f3f0a006f0d3f5a1c2b4d",
    author="token:bob",
    visibility=Visibility.INTERNAL,
    body="The fan is loud",
    mentions=[],
    at=BEGAN,
    edited_at=BEGAN,
    retracted_at=None,
)
COMMENT_WITH_REVISIONS = CommentDetail(
    **structs.asdict(COMMENT),
    revisions=[ShownRevision(number=1, body="The fan is loud, @anna", at=BEGAN)],
)
WRITTEN_COMMENT = WrittenComment(**structs.asdict(COMMENT), unreached_mentions=["anna"])
USER = ShownUser(
    id="u_019538a1c6403f2a9be07d5148",
    handle="anna",
    name="Anna Schmidt",
    email="anna@example.com",
    time_zone="Europe/Berlin",
    created_at=BEGAN,
    disabled_at=None,
    role=Role.OPERATOR,
    roles=[
        ShownGrant(role="operator", project="", origin=RightsOrigin.MANUAL),
        ShownGrant(role="lead", project="OPS", origin=RightsOrigin.OIDC),
    ],
    groups=[ShownMembership(group="sre", origin=RightsOrigin.OIDC)],
)
ME = ShownMe(actor="local:anna", role=Role.ADMIN, projects={}, groups=[], user=None)
TOKEN = ShownToken(
    id="t_4fGh7Kq2",
    name="Prometheus",
    role="sender",
    source="prometheus",
    user_id=None,
    created_by=USER.id,
    created_at=BEGAN,
    expires_at=BEGAN + timedelta(days=90),
    revoked_at=None,
    last_used_at=LATER,
)
