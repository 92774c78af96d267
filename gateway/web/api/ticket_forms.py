"""What people send about tickets."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from gateway.alerts.labels import MAX_LABELS
from gateway.alerts.severity import Severity
from gateway.tickets.naming import MAX_TITLE_CHARACTERS
from gateway.tickets.ticket import TicketStatus
from gateway.web.http.forms import Form, bad_field
from gateway.web.http.paging import PageForm
from gateway.web.views.words import about

_NOT_BLANK = Meta(extra_json_schema={"pattern": r"\S"})
Title = Annotated[str, Meta(min_length=1, max_length=MAX_TITLE_CHARACTERS), _NOT_BLANK]
Text = Annotated[str, Meta(max_length=65_536)]
Person = Annotated[str, Meta(max_length=200)]
LabelName = Annotated[str, Meta(max_length=200)]
GivenLabels = Annotated[dict[LabelName, Text], Meta(max_length=MAX_LABELS)]
Assignee = Annotated[Person, about("Empty means nobody.")]


class TicketsForm(PageForm, frozen=True):
    """What a list of tickets is narrowed to."""

    status: TicketStatus | None = None
    priority: Severity | None = None
    source: Annotated[
        str | None, about("The name of a source that has reported an alert of the ticket.")
    ] = None
    q: Annotated[
        str | None,
        about(
            "A text in title or description, as typed and whatever its case; or the id, or the"
            " number (`#17`)."
        ),
    ] = None


class NewTicket(Form, frozen=True):
    """A ticket that no alert stands behind."""

    title: Title
    description: Text = ""
    priority: Severity = Severity.MEDIUM
    assignee: Assignee = ""
    assignee_group: Person = ""
    labels: GivenLabels = field(default_factory=dict)


class TicketEdit(Form, frozen=True):
    """Only what shall change. A status is a transition."""

    title: Title | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    priority: Severity | UnsetType = UNSET
    assignee: Assignee | UnsetType = UNSET
    assignee_group: Person | UnsetType = UNSET
    status: TicketStatus | UnsetType = UNSET
    comment: Annotated[Text, about("Of the transition: it needs a `status`.")] = ""


class Transition(Form, frozen=True):
    """A step along the workflow."""

    to: TicketStatus
    comment: Text = ""


def not_blank(title: str) -> str:
    """Without the blanks around it; raises BadForm if nothing is left."""
    if not title.strip():
        raise bad_field("/title", "must not be blank")
    return title.strip()


def plain_fields(form: TicketEdit) -> Mapping[str, str]:
    """What is given of the fields that no workflow guards; raises BadForm for a lost comment."""
    if form.comment and not isinstance(form.status, TicketStatus):
        raise bad_field("/comment", "belongs to a status; without one it would be lost")
    fields = {
        name: str(value)
        for name in ("title", "description", "priority", "assignee", "assignee_group")
        if (value := getattr(form, name)) is not UNSET
    }
    if "title" in fields:
        fields["title"] = not_blank(fields["title"])
    return fields
