"""An example of each body by its type, and of each text by its operation.

The API's description shows them; a test holds them against their schemas.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

from gateway.access.permission import ProjectRole
from gateway.alerts.severity import Severity
from gateway.comments.comment import Visibility
from gateway.declarations.catalog import CatalogItem
from gateway.declarations.declaration import DeclarationOrigin
from gateway.declarations.project import Project
from gateway.links.link import LinkKind
from gateway.links.reference import ReferenceKind
from gateway.tickets.fields import SHIPPED_FIELDS
from gateway.tickets.ticket import TicketStatus
from gateway.tickets.view import CountedBy
from gateway.web.api import example_values as one
from gateway.web.api.comments import CommentEdit, NewComment
from gateway.web.api.dead_letters import DeadLetterChoice
from gateway.web.api.declared_views import (
    ShownCalendar,
    ShownField,
    ShownHolidays,
    ShownItem,
    ShownMatrix,
    ShownPolicy,
    ShownProject,
    show_field,
    show_item,
    show_project,
)
from gateway.web.api.links import NewLink
from gateway.web.api.members import MemberForm
from gateway.web.api.references import NewReference
from gateway.web.api.settings import CalendarForm, MatrixForm, PolicyForm
from gateway.web.api.silence_forms import NewSilence, SilenceEdit, SilencePreview
from gateway.web.api.ticket_edits import NewTicket
from gateway.web.api.ticket_forms import (
    MajorStep,
    Relocation,
    StandingDown,
    TicketEdit,
    Transition,
)
from gateway.web.api.tokens import TokenOrder
from gateway.web.api.users import NewUser, RoleGrant, UserEdit
from gateway.web.openapi.refusals import AlertmanagerError
from gateway.web.openapi.sent import CustomAlert, GroupMessage, PrometheusAlert, PrometheusAlerts
from gateway.web.views.alert import Previewed, ShownAlert, show_previewed
from gateway.web.views.audit import AuditEntry
from gateway.web.views.comment import CommentDetail, ShownComment, WrittenComment
from gateway.web.views.explain import (
    ExplainedAlert,
    ExplainedBody,
)
from gateway.web.views.intake import Taken
from gateway.web.views.letters import Replayed, ShownDeadLetter
from gateway.web.views.links import MadeLink, ShownLink, ShownReference, ShownWatcher
from gateway.web.views.operations import Readiness
from gateway.web.views.people import (
    MadeToken,
    ShownGroup,
    ShownHandle,
    ShownMe,
    ShownMember,
    ShownToken,
    ShownUser,
)
from gateway.web.views.problem import (
    AllRefused,
    BlamedField,
    ForbiddenTransition,
    FrameworkError,
    LinkForbidden,
    NewerTicketLive,
    ShownProblem,
)
from gateway.web.views.silence import ShownSilence
from gateway.web.views.ticket import (
    ChangedTicket,
    HistoryEntry,
    MovedTicket,
    ShownTicket,
    TicketCounts,
    TicketDetail,
    show_changed,
    show_moved,
)
from gateway.web.views.workflow import ShownWorkflow, show_workflow
from gateway.workflows.book import SHIPPED
from gateway.workflows.judge import Reason

Kind = TypeVar("Kind", bound=ShownProblem)


def _problem(kind: type[Kind], status: int, code: str, detail: str, **more: Any) -> Kind:
    return kind(
        type=f"urn:alert-gateway:problem:{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        **{"errors": [], **more},
    )


_SENT: Mapping[object, object] = {
    CustomAlert: CustomAlert(labels=dict(one.LABELS), title="The disk of db1 is full"),
    GroupMessage: GroupMessage(alerts=[{"status": "firing", "labels": one.LABELS}]),
    PrometheusAlerts: [
        PrometheusAlert(labels=one.LABELS, generator_url="http://prometheus.example")
    ],
    NewTicket: NewTicket(title="Order new disks", severity=Severity.LOW, assignee="bob"),
    TicketEdit: TicketEdit(assignee="bob", status=TicketStatus.IN_PROGRESS, comment="On it"),
    NewComment: NewComment(body="The fan is loud, @bob", visibility=Visibility.AUDITOR_VISIBLE),
    CommentEdit: CommentEdit(visibility=Visibility.INTERNAL),
    NewUser: NewUser(handle="anna", name="Anna Schmidt", email="anna@example.com"),
    UserEdit: UserEdit(disabled=True),
    RoleGrant: RoleGrant(role="operator"),
    MemberForm: MemberForm(role=ProjectRole.MEMBER),
    TokenOrder: TokenOrder(name="Prometheus", role="sender", source="prometheus"),
    Transition: Transition(to="resolved", comment="Removed old logs"),
    MajorStep: MajorStep(comment="Nobody can pay"),
    StandingDown: StandingDown(comment="Half of it is back"),
    Relocation: Relocation(state="in_progress", comment="Its state is no more"),
    NewLink: NewLink(kind=LinkKind.BLOCKS, ticket=one.OTHER_ID),
    NewReference: NewReference(kind=ReferenceKind.ASSET, reference="db1"),
    NewSilence: NewSilence(
        matchers=one.MATCHERS, ends_at=one.SILENCE.ends_at, comment="The disk is being replaced"
    ),
    SilenceEdit: SilenceEdit(ends_at=one.SILENCE.ends_at + timedelta(hours=1)),
    SilencePreview: SilencePreview(matchers=one.MATCHERS),
    CalendarForm: CalendarForm(time_zone="Europe/Berlin", week=one.WEEK, day="8h"),
    PolicyForm: PolicyForm(calendar="berlin", targets=one.TARGETS),
    MatrixForm: MatrixForm(cells=one.CELLS),
    DeadLetterChoice: DeadLetterChoice(source="custom", reason="labels"),
}
_SHOWN: Mapping[object, object] = {
    ShownTicket: one.TICKET,
    TicketDetail: one.DETAIL,
    ChangedTicket: show_changed(one.DETAIL, 1),
    MovedTicket: show_moved(one.DETAIL, 1),
    TicketCounts: TicketCounts(by=CountedBy.PRIORITY, counts={"critical": 1, "low": 3}),
    HistoryEntry: one.ENTRY,
    AuditEntry: one.AUDITED,
    ShownLink: one.LINK,
    MadeLink: MadeLink(
        kind=LinkKind.BLOCKS,
        start=one.TICKET_ID,
        to=one.OTHER_ID,
        author="local:anna",
        at=one.BEGAN,
    ),
    ShownReference: ShownReference(
        kind=ReferenceKind.ASSET, reference="db1", title="", url="https://assets.example/db1"
    ),
    ShownWatcher: ShownWatcher(user="u_019538a1c6403f2a9be07d5148"),
    ShownComment: one.COMMENT,
    WrittenComment: one.WRITTEN_COMMENT,
    ShownUser: one.USER,
    ShownHandle: ShownHandle(id=one.USER.id, handle="anna", name="Anna Schmidt", groups=["sre"]),
    ShownMe: one.ME,
    ShownGroup: ShownGroup(name="sre", members=4),
    ShownMember: ShownMember(
        id=one.USER.id, handle="anna", name="Anna Schmidt", role=ProjectRole.MEMBER
    ),
    ShownToken: one.TOKEN,
    MadeToken: MadeToken(token=one.TOKEN, text=None),
    CommentDetail: one.COMMENT_WITH_REVISIONS,
    ShownAlert: one.ALERT,
    Previewed: Previewed(items=[show_previewed(one.ALERT, would_hide=True)], more=False),
    ShownSilence: one.SILENCE,
    ShownWorkflow: show_workflow(SHIPPED["problem"]),
    ShownCalendar: ShownCalendar(
        name="berlin",
        version=2,
        origin=DeclarationOrigin.API,
        time_zone="Europe/Berlin",
        week=one.WEEK,
        holidays=ShownHolidays(extra=["2026-12-24"]),
        day="8h",
        dates=["2026-12-24"],
    ),
    ShownPolicy: ShownPolicy(
        name="gold",
        version=1,
        origin=DeclarationOrigin.API,
        calendar="berlin",
        pauses_in=[],
        targets=one.TARGETS,
    ),
    ShownMatrix: ShownMatrix(version=1, origin=DeclarationOrigin.API, cells=one.CELLS),
    ShownProject: show_project(Project(key="OPS", name="Operations")),
    ShownItem: show_item(CatalogItem(name="laptop", title="A new laptop")),
    ShownField: show_field(SHIPPED_FIELDS["risk"]),
    ExplainedBody: ExplainedBody(items=[one.WAY], rejected=[one.REJECTED]),
    ExplainedAlert: ExplainedAlert(alert=one.ALERT, items=[one.WAY], rejected=[]),
    Taken: Taken(accepted=1, rejected=[one.REJECTED], batch=one.BATCH),
    ShownDeadLetter: ShownDeadLetter(
        id=f"{one.STRAND}.custom",
        source="custom",
        reason="labels",
        error=one.REJECTED.error,
        count=1,
        raw='{"labels": {}}',
        raw_bytes=14,
        batch=one.BATCH,
        first_seen=one.BEGAN,
        last_seen=one.BEGAN,
    ),
    Replayed: Replayed(taken=1, failed=0, more=False),
    Readiness: Readiness(ready=True, reasons=[]),
}
_REFUSED: Mapping[object, object] = {
    ShownProblem: _problem(
        ShownProblem,
        400,
        "invalid_body",
        "the body is not valid",
        errors=[BlamedField(pointer="/title", detail="must not be blank")],
    ),
    ForbiddenTransition: _problem(
        ForbiddenTransition,
        403,
        "forbidden_transition",
        "a ticket that is open can become in_progress, resolved, cancelled by you now, not closed",
        reason=Reason.NO_EDGE,
        start="open",
        to="closed",
        allowed=["in_progress", "resolved", "cancelled"],
    ),
    NewerTicketLive: _problem(
        NewerTicketLive,
        409,
        "newer_ticket_live",
        "a newer ticket is live for the same problem",
        ticket_id=one.TICKET_ID,
    ),
    LinkForbidden: _problem(
        LinkForbidden,
        409,
        "has_parent",
        "the ticket has a parent already: remove that link first",
        ticket_id=one.OTHER_ID,
    ),
    AllRefused: _problem(
        AllRefused,
        400,
        "all_refused",
        "every alert was refused",
        accepted=0,
        rejected=[one.REJECTED],
        batch=one.BATCH,
    ),
    FrameworkError: FrameworkError(code=415, message="unsupported media type"),
    AlertmanagerError: "labels: at least one label pair required",
}
_TEXTS: Mapping[object, object] = {
    "getHealth": "OK\n",
    "getMetrics": 'gateway_http_requests_total{method="GET",route="/-/ready",status="200"} 12.0\n',
    "drawWorkflow": '<svg xmlns="http://www.w3.org/2000/svg"></svg>\n',
    "getDescription": "openapi: 3.1.0\n",
}
EXAMPLES: Mapping[object, object] = {**_SENT, **_SHOWN, **_REFUSED, **_TEXTS}
