"""What people send about tickets: lists and steps. Their plain fields are in `ticket_edits.py`."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from gateway.tickets.priority import PriorityWord
from gateway.tickets.ticket import TicketStatus
from gateway.web.api.ticket_edits import CustomChanges, PlainEdit, ShortText, Text
from gateway.web.http.forms import Form, bad_field
from gateway.web.http.paging import PageForm
from gateway.web.views.words import about
from gateway.workflows.aliases import canonical_state

Word = Annotated[str, Meta(max_length=200)]
Required = Annotated[
    str,
    Meta(min_length=1, max_length=65_536),
    Meta(extra_json_schema={"pattern": r"\S"}),
]


class TicketsForm(PageForm, frozen=True):
    """What a list of tickets is narrowed to."""

    status: TicketStatus | None = None
    priority: PriorityWord | None = None
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


class TicketEdit(PlainEdit, frozen=True):
    """Only what shall change. A status is a transition."""

    status: TicketStatus | UnsetType = UNSET
    comment: Annotated[Text, about("Of the transition: it needs a `status`.")] = ""
    resolution: Annotated[Word, about("Of the transition, as `comment`.")] = ""
    resolution_note: Annotated[Text, about("Of the transition, as `comment`.")] = ""


class Transition(Form, frozen=True):
    """A step along the workflow: `to` or `action`, one of them."""

    to: Annotated[Word, about("A state, or a status.")] = ""
    action: Annotated[Word, about("The name of one of the ticket's `actions`.")] = ""
    comment: Text = ""
    resolution: Word = ""
    resolution_note: Text = ""
    assignee: Annotated[
        ShortText | None, about("Who has it from then on; null: as it is, or who takes the step.")
    ] = None
    custom: CustomChanges = field(default_factory=dict)


class MajorStep(Form, frozen=True):
    """Why an incident is made major."""

    comment: Text = ""


class StandingDown(Form, frozen=True):
    """Why an incident is major no more."""

    comment: Required


class Relocation(Form, frozen=True):
    """Where a ticket goes whose state its workflow has no longer."""

    state: Annotated[Word, Meta(min_length=1)]
    comment: Required


def check_said(form: TicketEdit) -> None:
    """Raises BadForm for what is said of a step that is not asked for."""
    for name in ("comment", "resolution", "resolution_note"):
        if getattr(form, name) and not isinstance(form.status, TicketStatus):
            raise bad_field(f"/{name}", "belongs to a status; without one it would be lost")


def aim_of(form: Transition) -> tuple[str, str]:
    """(to, action), of which one is given; `OPEN` as `open`. Raises BadForm for both, or none."""
    if bool(form.to) == bool(form.action):
        raise bad_field("/to", "either this or `action` says which step is meant")
    return canonical_state(form.to), form.action


def reason_in(comment: str) -> str:
    """Raises BadForm for one of blanks alone."""
    if not comment.strip():
        raise bad_field("/comment", "must not be blank")
    return comment
