"""The audit as it is shown."""

from typing import Annotated

from msgspec import structs

from gateway.access.withheld import Withheld
from gateway.history.view import PlacedEntry
from gateway.web.views.ticket import HistoryEntry, show_entry
from gateway.web.views.words import Count, Name, Ordinal, about


class AuditEntry(HistoryEntry, frozen=True, kw_only=True, gc=False):
    """One changed field of one object."""

    kind: Annotated[Name, about("Of the object: `ticket`, `silence` …")]
    object: Annotated[Name, about("Its id.")]
    sequence: Annotated[Ordinal, about("Its place in the history of the object.")]
    applied: Annotated[
        Count, about("Rises with the order in which things became true; 0: of an early release.")
    ]


def show_audited(one: PlacedEntry, withheld: Withheld) -> AuditEntry:
    """An entry in its place."""
    place = one.position
    return AuditEntry(
        **structs.asdict(show_entry(one.entry, withheld)),
        kind=place.kind,
        object=place.object_id,
        sequence=place.sequence,
        applied=place.applied,
    )
