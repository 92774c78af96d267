"""What people send about tickets: lists and steps. Their plain fields are in `ticket_edits.py`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from gateway.alerts.matching import read_matchers
from gateway.links.reference import ReferenceKind, one_line
from gateway.tickets.priority import PriorityWord
from gateway.tickets.ticket import TicketStatus, TicketType
from gateway.tickets.view import CountedBy, TicketFilter
from gateway.web.api.ticket_edits import CustomChanges, PlainEdit, ShortText, Text
from gateway.web.http.forms import Form, bad_field, bad_parameter
from gateway.web.http.paging import PageForm
from gateway.web.views.words import about
from gateway.workflows.aliases import canonical_state

Word = Annotated[str, Meta(max_length=200)]
Required = Annotated[
    str,
    Meta(min_length=1, max_length=65_536),
    Meta(extra_json_schema={"pattern": r"\S"}),
]


MOST_VALUES = 50
"""Of one parameter."""


class TicketOrder(StrEnum):
    """In which a list of tickets comes."""

    NEWEST = "newest"


Several = Annotated[tuple[Text, ...], Meta(max_length=MOST_VALUES)]
Truth = bool | None


class TicketsForm(PageForm, frozen=True):
    """What a list of tickets is narrowed to: a parameter may be given again, and means any of them.

    With a condition that no index knows a page looks at 20,000 tickets at most, so that it may be
    short, or empty, and still have a `next`.
    """

    status: Annotated[tuple[TicketStatus, ...], Meta(max_length=MOST_VALUES)] = ()
    state: Annotated[
        Several, about("As its workflow names it; where that has no name of its own, the status.")
    ] = ()
    type: Annotated[tuple[TicketType, ...], Meta(max_length=MOST_VALUES)] = ()
    project: Annotated[Several, about("Key of a project; empty: of none.")] = ()
    priority: Annotated[tuple[PriorityWord, ...], Meta(max_length=MOST_VALUES)] = ()
    assignee: Annotated[Several, about("`me` is who asks; empty: nobody.")] = ()
    group: Annotated[Several, about("The assigned group; empty: none.")] = ()
    requester: Annotated[Several, about("`me` is who asks; `system`: opened by alerts.")] = ()
    major: Truth = None
    rule: Several = ()
    source: Annotated[
        Several, about("The name of a source that has reported an alert of the ticket.")
    ] = ()
    ref: Annotated[
        Several,
        about("What it refers to, by kind and name, as in `asset:db1`."),
    ] = ()
    matchers: Annotated[
        str | None,
        about("Matchers on the ticket's labels, written as for alerts."),
    ] = None
    silenced: Annotated[
        Truth, about("All of its alerts that fire are silenced, and there are some.")
    ] = None
    q: Annotated[
        str | None,
        about(
            "A text in title or description, as typed and whatever its case; or the id, the number"
            " (`#17`) or the key (`OPS-17`): what looks like one is looked up."
        ),
    ] = None
    sort: TicketOrder = TicketOrder.NEWEST

    def narrowed(self, me: str) -> TicketFilter:
        """What is asked for, by *me*; raises Refused for matchers and references that cannot be
        read.
        """
        return TicketFilter(
            status=self.status,
            state=self.state,
            type=self.type,
            project=self.project,
            priority=[one.priority for one in self.priority],
            assignee=named(self.assignee, me),
            group=self.group,
            requester=named(self.requester, me),
            rule=self.rule,
            source=self.source,
            references=[_reference_in(one) for one in self.ref],
            major=self.major,
            silenced=self.silenced,
            matchers=read_matchers(self.matchers or "", "/matchers"),
            text=self.q or None,
        )


def _reference_in(text: str) -> tuple[str, str]:
    kind, _, name = text.partition(":")
    if kind not in set(ReferenceKind) or not one_line(name):
        kinds = ", ".join(ReferenceKind)
        raise bad_parameter("ref", f"must be KIND:NAME, as in asset:db1; kinds are {kinds}")
    return kind, one_line(name)


class CountsForm(Form, frozen=True):
    """By what live tickets are counted."""

    by: CountedBy = CountedBy.STATUS


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


def named(people: Sequence[str], me: str) -> Sequence[str]:
    """*people*, where `me` is *me*."""
    return [me if one == "me" else one for one in people]


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
