"""What people send to open a ticket and to change its plain fields."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from gateway.alerts.labels import MAX_LABELS
from gateway.alerts.opening import Level, TicketType
from gateway.alerts.severity import Severity
from gateway.desk.open_ticket import OpenTicket
from gateway.tickets.naming import MAX_TITLE_CHARACTERS, PROJECT_KEY
from gateway.tickets.priority import PriorityWord
from gateway.web.http.forms import Form, bad_field
from gateway.web.views.words import about

_NOT_BLANK = Meta(extra_json_schema={"pattern": r"\S"})
Title = Annotated[str, Meta(min_length=1, max_length=MAX_TITLE_CHARACTERS), _NOT_BLANK]
Text = Annotated[str, Meta(max_length=65_536)]
ShortText = Annotated[str, Meta(max_length=200)]
LabelName = Annotated[str, Meta(max_length=200)]
GivenLabels = Annotated[dict[LabelName, Text], Meta(max_length=MAX_LABELS)]
LabelChanges = Annotated[
    dict[LabelName, Text | None],
    Meta(max_length=MAX_LABELS),
    about("Those that are to be set; null removes one. A tag is a label with the value `true`."),
]
CustomName = Annotated[str, Meta(max_length=63)]
GivenCustom = Annotated[
    dict[CustomName, Any],
    about(
        "Custom fields by name. What is not declared for the ticket's type and project, or is not"
        " what is declared, is refused with 422 and code `invalid_custom`."
    ),
]
CustomChanges = Annotated[
    dict[CustomName, Any], about("Custom fields that are to be set; null removes one.")
]
Assignee = Annotated[
    ShortText,
    about(
        "`me`, a user's id or `@handle`; empty means nobody. Where nobody logs in, any other text"
        " is taken as it is."
    ),
]
GivenType = Annotated[TicketType, about("`fault` is another word for `incident`.")]
GivenProject = Annotated[
    str, about("The project's key, as in `OPS`; empty: none."), Meta(pattern=f"^({PROJECT_KEY})?$")
]

_PLAIN = (
    "title", "description", "type", "severity", "impact", "urgency", "labels", "custom",
    "assignee", "assignee_group",
)  # fmt: skip


class NewTicket(Form, frozen=True):
    """A ticket that no alert stands behind."""

    title: Title
    description: Text = ""
    type: Annotated[
        TicketType | None,
        about(
            "`fault` is another word for `incident`. Null: `incident`; of a requester"
            " `service_request`, which is all it may ask for."
        ),
    ] = None
    severity: Severity = Severity.MEDIUM
    impact: Level = Level.MEDIUM
    urgency: Level = Level.MEDIUM
    priority: Annotated[
        PriorityWord | None,
        about("Also `P0` to `P3`. Null: by the matrix, from severity, impact and urgency."),
    ] = None
    assignee: Assignee = ""
    assignee_group: ShortText = ""
    labels: GivenLabels = field(default_factory=dict)
    custom: GivenCustom = field(default_factory=dict)
    project: GivenProject = ""


class PlainEdit(Form, frozen=True):
    """Only what shall change."""

    title: Title | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    type: GivenType | UnsetType = UNSET
    severity: Severity | UnsetType = UNSET
    impact: Level | UnsetType = UNSET
    urgency: Level | UnsetType = UNSET
    priority: Annotated[
        PriorityWord | UnsetType | None,
        about(
            "Also `P0` to `P3`. It stays until a person changes it or a worse alert comes; null"
            " gives it back to the matrix."
        ),
    ] = UNSET
    assignee: Assignee | UnsetType = UNSET
    assignee_group: ShortText | UnsetType = UNSET
    labels: LabelChanges | UnsetType = UNSET
    custom: CustomChanges | UnsetType = UNSET


def opening(form: NewTicket) -> OpenTicket:
    """The command; raises BadForm for a blank title."""
    return OpenTicket(
        title=not_blank(form.title),
        description=form.description,
        type=form.type,
        severity=form.severity,
        impact=_unless_medium(form.impact),
        urgency=_unless_medium(form.urgency),
        priority=None if form.priority is None else form.priority.priority,
        labels=form.labels,
        custom={name: value for name, value in form.custom.items() if value is not None},
        assignee=form.assignee,
        assignee_group=form.assignee_group,
        project=form.project,
    )


def plain_fields(form: PlainEdit) -> Mapping[str, Any]:
    """What is given, as `edit_ticket` takes it; raises BadForm for a blank title."""
    fields = {name: value for name in _PLAIN if (value := getattr(form, name)) is not UNSET}
    if isinstance(form.priority, PriorityWord):
        fields["priority"] = form.priority.priority
    elif form.priority is None:
        fields["priority"] = None
    if "title" in fields:
        fields["title"] = not_blank(fields["title"])
    return fields


def not_blank(title: str) -> str:
    """Without the blanks around it; raises BadForm if nothing is left."""
    if not title.strip():
        raise bad_field("/title", "must not be blank")
    return title.strip()


def _unless_medium(level: Level) -> Level | None:
    return None if level is Level.MEDIUM else level
