"""The schema's mirror, and the one list of each table's columns: what queries and bulk statements
are made of. A test compares it with the migrations.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    FetchedValue,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    any_,
    literal,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine

metadata = MetaData()
_TIME = DateTime(timezone=True)
_Kind = TypeEngine[Any] | type[TypeEngine[Any]]


class _Optional(NamedTuple):
    """A column that an insert may leave out: null, or the default that the database has for it."""

    kind: _Kind


def _table(name: str, /, **columns: _Kind | _Optional) -> Table:
    return Table(
        name,
        metadata,
        Column("tenant_id", Integer, nullable=False),
        *(_column(column, kind) for column, kind in columns.items()),
    )


def _column(name: str, kind: _Kind | _Optional) -> Column[Any]:
    if isinstance(kind, _Optional):
        return Column(name, kind.kind, server_default=FetchedValue())
    return Column(name, kind, nullable=False)


alerts = _table(
    "alerts",
    fingerprint=LargeBinary, labels=JSONB, annotations=JSONB, severity=Text, status=Text,
    silenced=Boolean, unconfirmed=Boolean, triage=_Optional(Text), rule=Text,
    merge_key=LargeBinary, ticket_id=_Optional(Text), starts_at=_Optional(_TIME),
    ends_at=_Optional(_TIME), quiet_until=_Optional(_TIME), first_seen=_TIME, episodes=BigInteger,
    version=BigInteger,
)  # fmt: skip
strands = _table(
    "strands",
    strand=LargeBinary, fingerprint=LargeBinary, labels=JSONB, severity=Text,
    claims=_Optional(LargeBinary), fired_at=_Optional(_TIME), resolved_at=_Optional(_TIME),
    unended_at=_Optional(_TIME), unstarted_at=_Optional(_TIME), last_firing_at=_Optional(_TIME),
    last_resolve_at=_Optional(_TIME), started_at=_Optional(_TIME), lease_until=_Optional(_TIME),
    lease_check_at=_Optional(_TIME), firing=Boolean, expired=Boolean, silenced=Boolean,
    occurrences=BigInteger, last_outcome=Text, first_seen=_TIME, last_seen=_TIME,
    version=BigInteger,
)  # fmt: skip
reports = _table(
    "reports",
    strand=LargeBinary, source=Text, source_fingerprint=Text, url=Text, lease_until=_TIME,
    last_seen=_TIME, born=_Optional(BigInteger), credited=_Optional(BigInteger),
)  # fmt: skip
episodes = _table(
    "episodes",
    fingerprint=LargeBinary, number=BigInteger, rule=Text, merge_key=LargeBinary,
    ticket_id=_Optional(Text), starts_at=_TIME, ends_at=_Optional(_TIME),
)  # fmt: skip
windows = _table(
    "windows",
    merge_key=LargeBinary, rule=Text, length=Interval, auto_resolve=Text,
    opened_at=_Optional(_TIME), ends_at=_Optional(_TIME), firing=Integer,
    ticket_id=_Optional(Text),
)  # fmt: skip
tickets = _table(
    "tickets",
    id=Text, number=BigInteger, type=_Optional(Text), title=Text, description=_Optional(Text),
    status=Text, status_before=_Optional(Text), priority=Text, severity=_Optional(Text),
    impact=_Optional(Text), urgency=_Optional(Text), major=_Optional(Boolean),
    workflow=_Optional(Text), workflow_version=_Optional(Integer), rule=_Optional(Text),
    labels=_Optional(JSONB), custom=_Optional(JSONB), merge_key=_Optional(LargeBinary),
    follows=_Optional(Text), requester=Text, assignee=_Optional(Text),
    assignee_group=_Optional(Text), episodes=_Optional(BigInteger), flaps=_Optional(BigInteger),
    firing=_Optional(Integer), silenced=_Optional(Integer), unconfirmed=_Optional(Integer),
    created_at=_TIME, updated_at=_TIME, acknowledged_at=_Optional(_TIME),
    first_response_at=_Optional(_TIME), resolved_at=_Optional(_TIME), closed_at=_Optional(_TIME),
    version=BigInteger, history_length=BigInteger, history_head=LargeBinary, state=_Optional(Text),
    state_before=_Optional(Text), project=_Optional(Text), catalog_item=_Optional(Text),
    duplicate_of=_Optional(Text), priority_by=_Optional(Text), workflow_before=_Optional(Text),
    resolution=_Optional(Text), resolution_note=_Optional(Text), resolved_by=_Optional(Text),
    close_at=_Optional(_TIME),
)  # fmt: skip
ticket_alerts = _table(
    "ticket_alerts",
    ticket_id=Text, fingerprint=LargeBinary, joined_at=_TIME, occurrences_before=BigInteger,
    occurrences_after=_Optional(BigInteger),
)  # fmt: skip
history = _table(
    "history",
    kind=Text, object_id=Text, sequence=BigInteger, at=_TIME, actor=Text, field=Text,
    old=_Optional(Text), new=_Optional(Text), comment=Text, hash=LargeBinary,
    salt=_Optional(LargeBinary), applied=_Optional(BigInteger),
)  # fmt: skip
comments = _table(
    "comments",
    ticket_id=Text, id=Text, author=Text, visibility=Text, body=Text, salt=LargeBinary,
    mentions=_Optional(JSONB), at=_TIME, edited_at=_Optional(_TIME), retracted_at=_Optional(_TIME),
)  # fmt: skip
comment_revisions = _table(
    "comment_revisions",
    ticket_id=Text, comment_id=Text, number=Integer, body=Text, salt=LargeBinary, at=_TIME,
)  # fmt: skip
ticket_links = _table("ticket_links", kind=Text, from_id=Text, to_id=Text, author=Text, at=_TIME)
ticket_refs = _table(
    "ticket_refs",
    ticket_id=Text, kind=Text, reference=Text, title=_Optional(Text), url=_Optional(Text),
)  # fmt: skip
watchers = _table("watchers", ticket_id=Text, user_id=Text)
silences = _table(
    "silences",
    id=Uuid, matchers=Text, starts_at=_TIME, ends_at=_TIME, author=Text, comment=Text,
    created_at=_TIME, updated_at=_TIME, settled_at=_Optional(_TIME), version=BigInteger,
    history_length=BigInteger, history_head=LargeBinary,
)  # fmt: skip

users = _table(
    "users",
    id=Text, handle=Text, name=_Optional(Text), email=_Optional(Text), issuer=_Optional(Text),
    subject=_Optional(Text), time_zone=_Optional(Text), created_at=_TIME,
    disabled_at=_Optional(_TIME), erased_at=_Optional(_TIME),
)  # fmt: skip
group_members = _table("group_members", group_name=Text, user_id=Text, origin=_Optional(Text))
grants = _table("grants", user_id=Text, role=Text, project=_Optional(Text), origin=_Optional(Text))
tokens = _table(
    "tokens",
    id=Text, name=Text, hash=LargeBinary, role=_Optional(Text), source=_Optional(Text),
    user_id=_Optional(Text), created_by=Text, created_at=_TIME, expires_at=_Optional(_TIME),
    revoked_at=_Optional(_TIME), last_used_at=_Optional(_TIME),
)  # fmt: skip
declarations = _table(
    "declarations",
    kind=Text, name=Text, version=Integer, body=JSONB, checksum=LargeBinary, declared_at=_TIME,
    origin=Text,
)  # fmt: skip
declared = _table(
    "declared",
    kind=Text, name=Text, version=Integer, place=_Optional(Integer),
    revision=_Optional(BigInteger), withdrawn_at=_Optional(_TIME),
)  # fmt: skip


def is_one_of(column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """One parameter for all *values*: `in_` takes one each, and a statement holds 32,767."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def any_of(column: Column[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """One value is asked for as such: an index then gives its rows in the order of what follows."""
    return column == values[0] if len(values) == 1 else is_one_of(column, values)
