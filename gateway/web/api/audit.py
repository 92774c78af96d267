"""`/api/v1/audit`: who changed what, of all objects of a tenant."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, NamedTuple

import msgspec

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.history.view import AuditFilter, AuditPosition, AuditReader, PlacedEntry
from gateway.web.api.ticket_forms import Several, named
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.endpoint import Endpoint, WebCall
from gateway.web.http.forms import bad_parameter
from gateway.web.http.paging import FeedForm, part_of
from gateway.web.views.audit import AuditEntry, show_audited
from gateway.web.views.page import Page
from gateway.web.views.words import Time, about

_SEE_ALL = frozenset({Role.AUDITOR, Role.ADMIN})
"""Others see what they did themselves."""
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class AuditCursor(NamedTuple):
    """The last entry shown."""

    applied: _Number
    kind: str
    object_id: str
    sequence: _Number


class AuditForm(FeedForm, frozen=True):
    """What the audit is narrowed to: a parameter may be given again, and means any of them."""

    actor: Annotated[Several, about("`me` is who asks; `system`: alerts and time.")] = ()
    kind: Annotated[Several, about("Of the objects: `ticket`, `silence` …")] = ()
    object: Annotated[
        Several, about("Ids of objects; with one `kind` they are found at once.")
    ] = ()
    field: Several = ()
    from_: Annotated[
        Time | None, about("Happened then or later; a late journal makes the order another.")
    ] = msgspec.field(default=None, name="from")
    to: Annotated[Time | None, about("Happened before.")] = None

    def narrowed(self, by: Principal) -> AuditFilter:
        """What is asked for, of what *by* may see."""
        return AuditFilter(
            actor=named(self.actor, by.actor),
            kind=self.kind,
            object=self.object,
            field=self.field,
            since=_in_utc("from", self.from_),
            until=_in_utc("to", self.to),
            only=None if by.role in _SEE_ALL else by.actor,
        )


class AuditHandlers:
    """Reads only."""

    def __init__(self, reader: AuditReader) -> None:
        self._reader = reader

    async def list(self, call: WebCall[AuditForm]) -> Answer[Page[AuditEntry]]:
        """Who changed what, when and why, what became true last first.

        Auditors and admins see everything, others what they did themselves. With `after` it is a
        feed: oldest first, and nothing ever appears in front of what was given, however many write
        at once; what is not certain to be complete is held back for a moment.
        """
        part, form = part_of(call, AuditCursor), call.form
        narrowed = form.narrowed(call.principal)
        after = None if part.after is None else AuditPosition(*part.after)
        if form.after is None:
            found = await self._reader.latest(call.principal, narrowed, after, part.fetch)
            give = part.page
        else:
            found = await self._reader.following(call.principal, narrowed, after, part.fetch)
            give = part.feed
        end = None if found.walked_to is None else AuditCursor(*found.walked_to)
        show = partial(show_audited, withheld=found.withheld)
        return json_answer(give(found.entries, _place_of, show, end))


def _place_of(one: PlacedEntry) -> AuditCursor:
    return AuditCursor(*one.position)


def _in_utc(name: str, moment: datetime | None) -> datetime | None:
    try:
        return None if moment is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise bad_parameter(name, "is beyond the calendar") from error


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/audit", Permission.AUDIT_READ, AuditForm, Page[AuditEntry],
        AuditHandlers.list, "listAudit", ("audit",), {200: "One page"},
    ),
)  # fmt: skip
