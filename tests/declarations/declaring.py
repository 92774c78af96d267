"""Declarations as tests have them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from gateway.declarations.declaration import Declaration, DeclarationKind, DeclarationOrigin, Named
from gateway.declarations.declared import AllDeclared, Declared, Version
from gateway.declarations.reconcile import reconcile
from gateway.declarations.shipped import SHIPPED


def field(name: str, place: int = 0, label: str = "a") -> Declaration:
    """Of a configuration; two of another *label* say something else."""
    return Declaration(
        kind=DeclarationKind.FIELD,
        name=name,
        written={"name": name, "type": "choice", "choices": [label]},
        origin=DeclarationOrigin.CONFIG,
        place=place,
    )


class Tenant:
    """One tenant in memory, as PostgreSQL keeps it."""

    def __init__(self) -> None:
        self.standing = AllDeclared()

    def reconcile(self, wanted: Sequence[Declaration], revision: int, now: datetime) -> int:
        changes = reconcile(self.standing, wanted, revision, now)
        declared = dict(self.standing.declared)
        versions = {named: list(known) for named, known in self.standing.versions.items()}
        for change in changes:
            after = change.of.after
            if change.is_new:
                known = Version(after.version, after.checksum, after.origin)
                versions.setdefault(after.named, []).append(known)
            declared[after.named] = after
        greatest = max(revision, self.standing.revision)
        declared = {named: replace(one, revision=greatest) for named, one in declared.items()}
        self.standing = AllDeclared(declared, versions)
        return len(changes)

    def current(self) -> Mapping[Named, Declared]:
        """But what is shipped."""
        return {
            named: one
            for named, one in self.standing.declared.items()
            if one.current is not None and one.origin is not DeclarationOrigin.SHIPPED
        }


def shipped_but(wanted: Sequence[Declaration]) -> set[Named]:
    """What stays of what is shipped beside *wanted*."""
    return SHIPPED.keys() - {one.named for one in wanted}
