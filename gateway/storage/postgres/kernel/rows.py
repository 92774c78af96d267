"""The nouns of the ledger's rows, and where they lie. A transaction locks in `lock_order`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import case, func, select

from gateway.alerts.alert import Alert
from gateway.comments.comment import Comment, Revision
from gateway.declarations.declaration import DeclarationKind, DeclarationOrigin
from gateway.declarations.declared import Declared
from gateway.effects.working_set import Episode, Link, Report
from gateway.history.chain import Chained, Entry
from gateway.links.link import TicketLink
from gateway.links.reference import Reference, Watcher
from gateway.moments import FOREVER
from gateway.silences.silence import Silence
from gateway.storage.postgres.kernel import tables
from gateway.storage.postgres.kernel.bulk import Columns
from gateway.storage.postgres.kernel.claims import pack_claims, unpack_claims
from gateway.storage.postgres.kernel.stored import Stored
from gateway.tickets.ticket import Ticket
from gateway.windows.strand import Strand
from gateway.windows.window import Window
from matchers import parse, render


def lease_check_at(strand: Strand) -> datetime | None:
    """When the lease is to be looked at: its end as known now, None if it has none."""
    if not strand.fires or strand.lease_until is None or strand.lease_until >= FOREVER:
        return None
    return strand.lease_until


def _merged_report(old: Columns, new: Columns) -> dict[str, Any]:
    return {
        "source_fingerprint": new.source_fingerprint,
        "url": new.url,
        "lease_until": func.greatest(old.lease_until, new.lease_until),
        "last_seen": func.greatest(old.last_seen, new.last_seen),
    }


def _merged_link(old: Columns, new: Columns) -> dict[str, Any]:
    """An alert is back on a ticket: what it counted while it was away is none of the ticket's."""
    returned = old.occurrences_before + new.occurrences_before - old.occurrences_after
    left = old.occurrences_after.is_not(None)
    return {
        "occurrences_before": case((left, returned), else_=old.occurrences_before),
        "occurrences_after": new.occurrences_after,
    }


def _merged_episode(old: Columns, new: Columns) -> dict[str, Any]:
    return {
        "ticket_id": func.coalesce(new.ticket_id, old.ticket_id),
        "starts_at": new.starts_at,
        "ends_at": func.coalesce(new.ends_at, old.ends_at),
    }


_OF_EPISODE = (
    select(tables.episodes.c.ticket_id)
    .where(
        tables.episodes.c.tenant_id == tables.alerts.c.tenant_id,
        tables.episodes.c.fingerprint == tables.alerts.c.fingerprint,
        tables.episodes.c.number == tables.alerts.c.episodes,
    )
    .scalar_subquery()
)

WINDOWS = Stored(Window, tables.windows, key=("merge_key",), lock_order=1)
ALERTS = Stored(
    Alert,
    tables.alerts,
    key=("fingerprint",),
    lock_order=2,
    fixed=frozenset({"labels"}),
    joined={"episode_ticket_id": _OF_EPISODE},
)
STRANDS = Stored(
    Strand,
    tables.strands,
    key=("strand",),
    lock_order=3,
    found_by="fingerprint",
    fixed=frozenset({"fingerprint", "labels"}),
    made={"claims": lambda one: pack_claims(one.claims), "lease_check_at": lease_check_at},
    read_as={"claims": unpack_claims},
)
NAME_OF_STRAND = ("fingerprint", "labels")
"""The alert that it is of: written apart, so that the index by alerts is seldom touched."""
TICKETS = Stored(
    Ticket,
    tables.tickets,
    key=("id",),
    lock_order=4,
    fixed=frozenset(
        {
            "number", "rule", "merge_key", "follows", "requester", "created_at",
            "catalog_item",
        }
    ),
)  # fmt: skip
COUNTED = (
    "episodes", "flaps", "firing", "silenced", "unconfirmed", "history_length", "history_head",
)  # fmt: skip
"""What alerts do to a ticket: no edit of it."""
SILENCES = Stored(
    Silence,
    tables.silences,
    key=("id",),
    lock_order=5,
    fixed=frozenset({"created_at"}),
    made={"matchers": lambda one: render(one.matchers)},
    read_as={"matchers": parse},
)
COMMENTS = Stored(
    Comment,
    tables.comments,
    key=("ticket_id", "id"),
    fixed=frozenset({"author", "at"}),
    beside=frozenset({"unreached"}),
    made={"mentions": lambda one: orjson.dumps(one.mentions).decode()},
    read_as={"mentions": lambda text: tuple(orjson.loads(text))},
)
REVISIONS = Stored(Revision, tables.comment_revisions, key=("ticket_id", "comment_id", "number"))
TICKET_LINKS = Stored(TicketLink, tables.ticket_links, key=("kind", "from_id", "to_id"))
REFERENCES = Stored(Reference, tables.ticket_refs, key=("ticket_id", "kind", "reference"))
WATCHERS = Stored(Watcher, tables.watchers, key=("ticket_id", "user_id"))
REPORTS = Stored(Report, tables.reports, key=("strand", "source"), merge=_merged_report)
LINKS = Stored(
    Link,
    tables.ticket_alerts,
    key=("ticket_id", "fingerprint"),
    renamed={"occurrences_before": "before", "occurrences_after": "after"},
    merge=_merged_link,
)
HISTORY = Stored(
    Chained, tables.history, key=("kind", "object_id", "sequence"), within={"entry": Entry}
)
"""What is `applied` the database says by itself."""
EPISODES = Stored(Episode, tables.episodes, key=("fingerprint", "number"), merge=_merged_episode)


def read_declared(row: Any) -> Declared:
    """A pointer of `declared` with the version that it points to."""
    return Declared(
        of=DeclarationKind(row["kind"]),
        name=row["name"],
        version=row["version"],
        origin=DeclarationOrigin(row["origin"]),
        checksum=row["checksum"],
        body=row["body"].encode(),
        declared_at=row["declared_at"],
        place=row["place"],
        revision=row["revision"],
        withdrawn_at=row["withdrawn_at"],
    )


def arrays(objects: Sequence[object], names: Iterable[str]) -> list[list[Any]]:
    """One list a column, in the order of *names*."""
    return [list(map(attrgetter(name), objects)) for name in names]


def in_lock_order(found: Mapping[Any, Any], keys: Iterable[Any]) -> list[Any]:
    """The values of *keys*, in sorted order of the keys: the order in which rows are locked."""
    return [found[key] for key in sorted(keys)]
