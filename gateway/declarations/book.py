"""The book of what is declared: what a process knows of each tenant's, at one version of it."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import msgspec

from gateway.declarations.approval import Approval
from gateway.declarations.catalog import CatalogItem
from gateway.declarations.declaration import (
    MATRIX_NAME,
    DeclarationKind,
    Named,
    canonical,
)
from gateway.declarations.declared import Declared
from gateway.declarations.kinds import read
from gateway.declarations.project import Project
from gateway.declarations.shipped import SHIPPED
from gateway.moments import BEGINNING
from gateway.sla.calendar import Calendar
from gateway.sla.policy import Policy
from gateway.tickets.fields import Field
from gateway.tickets.priority import DEFAULT_MATRIX, Matrix
from gateway.workflows.book import SHIPPED as SHIPPED_FLOWS
from gateway.workflows.workflow import Workflow


class Book:
    """One tenant's declarations at one version. Never changed: a new version is a new object.

    Without any, as before the first reconciling, it is that of what is shipped.
    """

    def __init__(self, version: int, declared: Iterable[Declared] = ()) -> None:
        self.version = version
        found = sorted(declared, key=lambda one: (one.place, one.name))
        self.declared: Mapping[Named, Declared] = {one.named: one for one in found} or _SHIPPED
        """By kind and name, in their order; withdrawn ones too."""

    def of(self, kind: DeclarationKind) -> Mapping[str, Declared]:
        """Those of one kind by name, in their order, but withdrawn ones."""
        return {
            named.name: one
            for named, one in self.declared.items()
            if named.kind is kind and one.current is not None
        }

    def last(self, kind: DeclarationKind, name: str) -> Declared | None:
        """Also one that is withdrawn; None: never declared."""
        return self.declared.get(Named(kind, name))

    @cached_property
    def workflows(self) -> Mapping[str, Workflow]:
        """By name, in their order, withdrawn ones too; what is shipped is always there."""
        found: dict[str, Workflow] = self._with_withdrawn(DeclarationKind.WORKFLOW)
        return {**found, **{name: SHIPPED_FLOWS[name] for name in SHIPPED_FLOWS.keys() - found}}

    @cached_property
    def approvals(self) -> Mapping[str, Approval]:
        """By name."""
        return self._nouns(DeclarationKind.APPROVAL)

    @cached_property
    def policies(self) -> Mapping[str, Policy]:
        """By name, each with its calendar inside."""
        return self._nouns(DeclarationKind.POLICY)

    @cached_property
    def calendars(self) -> Mapping[str, Calendar]:
        """By name."""
        return self._nouns(DeclarationKind.CALENDAR)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """By name, withdrawn ones too."""
        return self._with_withdrawn(DeclarationKind.FIELD)

    @cached_property
    def internal_fields(self) -> frozenset[str]:
        """Names of those that are not for everybody who sees their ticket; withdrawn ones too."""
        return frozenset(name for name, field in self.fields.items() if field.internal)

    @cached_property
    def catalog(self) -> Mapping[str, CatalogItem]:
        """By name."""
        return self._nouns(DeclarationKind.CATALOG_ITEM)

    @cached_property
    def projects(self) -> Mapping[str, Project]:
        """By key."""
        return self._nouns(DeclarationKind.PROJECT)

    @cached_property
    def matrix(self) -> Matrix:
        """The priority of each cell."""
        known = self._nouns(DeclarationKind.PRIORITY_MATRIX)
        matrix: Matrix = known.get(MATRIX_NAME, DEFAULT_MATRIX)
        return matrix

    def _with_withdrawn(self, kind: DeclarationKind) -> dict[str, Any]:
        return {
            named.name: msgspec.structs.replace(self._noun(one), withdrawn=one.current is None)
            for named, one in self.declared.items()
            if named.kind is kind
        }

    def _nouns(self, kind: DeclarationKind) -> Mapping[str, Any]:
        return {name: self._noun(one) for name, one in self.of(kind).items()}

    def _noun(self, one: Declared) -> Any:
        return read(one.of, msgspec.json.decode(one.body), one.version)


_SHIPPED: Mapping[Named, Declared] = {
    named: Declared(
        of=one.kind,
        name=one.name,
        version=1,
        origin=one.origin,
        checksum=one.checksum,
        body=canonical(one.written),
        declared_at=BEGINNING,
        place=one.place,
    )
    for named, one in SHIPPED.items()
}
UNREAD = Book(-1)
"""Of what is shipped; older than any that was read."""


class Books:
    """Those of all tenants, of one process."""

    def __init__(self) -> None:
        self._tenants: dict[int, Book] = {}

    def of(self, tenant: int) -> Book:
        """That of what is shipped until the tenant's has been read."""
        return self._tenants.get(tenant, UNREAD)

    def put(self, tenant: int, book: Book) -> None:
        """A newer version has been read."""
        self._tenants[tenant] = book
