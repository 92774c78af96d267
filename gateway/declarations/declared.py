"""What is declared under a name now, and what becomes of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.changes.change import Change
from gateway.declarations.declaration import (
    Declaration,
    DeclarationKind,
    DeclarationOrigin,
    Named,
    canonical,
)
from gateway.declarations.kinds import complete
from gateway.history.chain import Entry, Head
from gateway.history.kind import Kind

SYSTEM = "system"


class Declared(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The current version of a name; of one that is withdrawn, the last."""

    kind: ClassVar[Kind] = Kind.DECLARATION

    of: DeclarationKind
    name: str
    version: int
    """From 1 on; what is shipped begins there in every tenant."""
    origin: DeclarationOrigin
    checksum: bytes
    body: bytes
    """JSON, whole: a policy's has its calendar inside, a calendar's the dates of its holidays."""
    declared_at: datetime
    place: int = 0
    revision: int = 0
    withdrawn_at: datetime | None = None
    history_length: int = 0
    history_head: bytes = b""

    @property
    def named(self) -> Named:
        """What it is found by."""
        return Named(self.of, self.name)

    @property
    def key(self) -> str:
        """Its id, as history names it."""
        return f"{self.of}/{self.name}"

    @property
    def head(self) -> Head:
        """The end of its history."""
        return Head(self.history_length, self.history_head)

    @property
    def current(self) -> int | None:
        """The version that is declared; None: it is withdrawn."""
        return None if self.withdrawn_at else self.version

    def told(self) -> Mapping[str, object]:
        """What an event says of it."""
        return {"declaration": {"kind": self.of, "name": self.name, "version": self.version}}


class Version(msgspec.Struct, frozen=True, gc=False):
    """One that was ever declared under a name."""

    version: int
    checksum: bytes
    origin: DeclarationOrigin


class AllDeclared(msgspec.Struct, frozen=True):
    """All that is declared in a tenant, and ever was; nobody else declares meanwhile."""

    declared: Mapping[Named, Declared] = {}
    versions: Mapping[Named, Sequence[Version]] = {}

    @property
    def revision(self) -> int:
        """The greatest that a configuration had."""
        return max((one.revision for one in self.declared.values()), default=0)


class DeclaredChange(msgspec.Struct, frozen=True):
    """A pointer as it now is, with its history."""

    of: Change[Declared]
    is_new: bool
    """Its version was not there before."""


def declare(
    standing: AllDeclared, wanted: Declaration, actor: str, now: datetime, revision: int = 0
) -> DeclaredChange | None:
    """Content that was seen before is the version that it was. None: nothing changes."""
    before = standing.declared.get(wanted.named)
    versions = standing.versions.get(wanted.named, ())
    known = next((one for one in versions if _is_same(one, wanted)), None)
    version = known.version if known else max((one.version for one in versions), default=0) + 1
    after = Declared(
        of=wanted.kind,
        name=wanted.name,
        version=version,
        origin=wanted.origin,
        checksum=wanted.checksum,
        body=b"" if known else canonical(complete(wanted.kind, wanted.written, now.year)),
        declared_at=now,
        place=wanted.place,
        revision=max(revision, before.revision if before else 0),
        history_length=before.history_length if before else 0,
        history_head=before.history_head if before else b"",
    )
    return _changed(before, after, actor, now, is_new=known is None)


def withdraw(before: Declared, actor: str, now: datetime) -> DeclaredChange | None:
    """The last version is kept. None: it is withdrawn already."""
    if before.withdrawn_at is not None:
        return None
    after = msgspec.structs.replace(before, withdrawn_at=now)
    return _changed(before, after, actor, now, is_new=False)


def _changed(
    before: Declared | None, after: Declared, actor: str, now: datetime, *, is_new: bool
) -> DeclaredChange | None:
    fields = {
        "version": (before.current if before else None, after.current),
        "place": (before.place if before else after.place, after.place),
    }
    entries = tuple(
        Entry(Kind.DECLARATION, after.key, now, actor, field, _text(old), _text(new))
        for field, (old, new) in fields.items()
        if old != new
    )
    return DeclaredChange(Change(after, entries), is_new) if entries else None


def _is_same(version: Version, wanted: Declaration) -> bool:
    return (version.checksum, version.origin) == (wanted.checksum, wanted.origin)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
