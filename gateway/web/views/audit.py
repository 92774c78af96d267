"""The audit as it is shown."""

from typing import Annotated

from gateway.history.view import PlacedEntry
from gateway.web.views.ticket import HistoryEntry
from gateway.web.views.words import Count, Name, Ordinal, about


class AuditEntry(HistoryEntry, frozen=True, kw_only=True, gc=False):
    """One changed field of one object."""

    kind: Annotated[Name, about("Of the object: `ticket`, `silence` …")]
    object: Annotated[Name, about("Its id.")]
    sequence: Annotated[Ordinal, about("Its place in the history of the object.")]
    applied: Annotated[
        Count, about("Rises with the order in which things became true; 0: of an early release.")
    ]


def show_audited(one: PlacedEntry) -> AuditEntry:
    """An entry in its place."""
    entry, place = one.entry, one.position
    return AuditEntry(
        at=entry.at,
        actor=entry.actor,
        field=entry.field,
        old=entry.old,
        new=entry.new,
        comment=entry.comment,
        kind=place.kind,
        object=place.object_id,
        sequence=place.sequence,
        applied=place.applied,
    )
