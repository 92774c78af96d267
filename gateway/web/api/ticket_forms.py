"""What people send about tickets: lists and steps. Their plain fields are in `ticket_edits.py`."""

from typing import Annotated

from msgspec import UNSET, UnsetType

from gateway.tickets.priority import PriorityWord
from gateway.tickets.ticket import TicketStatus
from gateway.web.api.ticket_edits import PlainEdit, Text
from gateway.web.http.forms import Form, bad_field
from gateway.web.http.paging import PageForm
from gateway.web.views.words import about


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


class Transition(Form, frozen=True):
    """A step along the workflow."""

    to: TicketStatus
    comment: Text = ""


def check_comment(form: TicketEdit) -> None:
    """Raises BadForm for a comment that would be lost."""
    if form.comment and not isinstance(form.status, TicketStatus):
        raise bad_field("/comment", "belongs to a status; without one it would be lost")
