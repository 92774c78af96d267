"""The schema's mirror for queries in SQLAlchemy Core; a test compares it with the migrations."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
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


def _table(name: str, **columns: TypeEngine[Any] | type[TypeEngine[Any]]) -> Table:
    keyed: dict[str, TypeEngine[Any] | type[TypeEngine[Any]]] = {"tenant_id": Integer, **columns}
    return Table(name, metadata, *(Column(column, kind) for column, kind in keyed.items()))


alerts = _table(
    "alerts",
    fingerprint=LargeBinary, labels=JSONB, annotations=JSONB, severity=Text, status=Text,
    silenced=Boolean, unconfirmed=Boolean, triage=Text, rule=Text, merge_key=LargeBinary,
    ticket_id=Text, starts_at=_TIME, ends_at=_TIME, quiet_until=_TIME, first_seen=_TIME,
    episodes=BigInteger, version=BigInteger,
)  # fmt: skip
strands = _table(
    "strands",
    strand=LargeBinary, fingerprint=LargeBinary, labels=JSONB, severity=Text, claims=LargeBinary,
    fired_at=_TIME, resolved_at=_TIME, unended_at=_TIME, unstarted_at=_TIME, last_firing_at=_TIME,
    last_resolve_at=_TIME, started_at=_TIME, lease_until=_TIME, lease_check_at=_TIME,
    firing=Boolean, expired=Boolean, silenced=Boolean, occurrences=BigInteger, last_outcome=Text,
    first_seen=_TIME, last_seen=_TIME, version=BigInteger,
)  # fmt: skip
reports = _table(
    "reports",
    strand=LargeBinary, source=Text, source_fingerprint=Text, url=Text, lease_until=_TIME,
    last_seen=_TIME, born=BigInteger, credited=BigInteger,
)  # fmt: skip
windows = _table(
    "windows",
    merge_key=LargeBinary, rule=Text, length=Interval, auto_resolve=Text, opened_at=_TIME,
    ends_at=_TIME, firing=Integer, ticket_id=Text,
)  # fmt: skip
tickets = _table(
    "tickets",
    id=Text, number=BigInteger, type=Text, title=Text, description=Text, status=Text,
    status_before=Text, priority=Text, severity=Text, impact=Text, urgency=Text, major=Boolean,
    workflow=Text, workflow_version=Integer, rule=Text, labels=JSONB, custom=JSONB,
    merge_key=LargeBinary, follows=Text, requester=Text, assignee=Text, assignee_group=Text,
    episodes=BigInteger, flaps=BigInteger, firing=Integer, silenced=Integer, unconfirmed=Integer,
    created_at=_TIME, updated_at=_TIME, acknowledged_at=_TIME, first_response_at=_TIME,
    resolved_at=_TIME, closed_at=_TIME, version=BigInteger, history_length=BigInteger,
    history_head=LargeBinary,
)  # fmt: skip
ticket_alerts = _table(
    "ticket_alerts",
    ticket_id=Text, fingerprint=LargeBinary, joined_at=_TIME, occurrences_before=BigInteger,
    occurrences_after=BigInteger,
)  # fmt: skip
history = _table(
    "history",
    kind=Text, object_id=Text, sequence=BigInteger, at=_TIME, actor=Text, field=Text, old=Text,
    new=Text, comment=Text, hash=LargeBinary,
)  # fmt: skip
silences = _table(
    "silences",
    id=Uuid, matchers=Text, starts_at=_TIME, ends_at=_TIME, author=Text, comment=Text,
    created_at=_TIME, updated_at=_TIME, settled_at=_TIME, version=BigInteger,
    history_length=BigInteger, history_head=LargeBinary,
)  # fmt: skip


def is_one_of(column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """One parameter for all *values*: `in_` takes one each, and a statement holds 32,767."""
    return column == any_(literal(list(values), ARRAY(column.type)))
