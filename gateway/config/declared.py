"""What is declared for all tenants or some: tables into declarations, every mistake at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, NamedTuple

from gateway.config.declared_tables import (
    ApprovalTable,
    CalendarTable,
    CatalogTable,
    PolicyTable,
    ProjectTable,
    TenantTable,
)
from gateway.config.mistakes import key_of
from gateway.config.problems import Place
from gateway.config.reading import Reading
from gateway.declarations.configured import ConfiguredDeclaration, ConfiguredDeclarations
from gateway.declarations.declaration import (
    MATRIX_NAME,
    Declaration,
    DeclarationKind,
    DeclarationOrigin,
    Named,
    check_name,
)
from gateway.declarations.kinds import normal
from gateway.declarations.mistakes import BadBody, not_plain
from gateway.declarations.references import wrong_references

MATRIX, TENANTS = "priority_matrix", "tenants"


class _Listed(NamedTuple):
    """An array of tables, each a declaration."""

    kind: DeclarationKind
    table: type | None
    """None: the kind reads its bodies itself."""
    name: str = "name"
    """The key that names it."""


LISTED: Mapping[str, _Listed] = {
    "workflows": _Listed(DeclarationKind.WORKFLOW, None),
    "approvals": _Listed(DeclarationKind.APPROVAL, ApprovalTable),
    "sla": _Listed(DeclarationKind.POLICY, PolicyTable),
    "calendars": _Listed(DeclarationKind.CALENDAR, CalendarTable),
    "fields": _Listed(DeclarationKind.FIELD, None),
    "catalog": _Listed(DeclarationKind.CATALOG_ITEM, CatalogTable),
    "projects": _Listed(DeclarationKind.PROJECT, ProjectTable, "key"),
}
DECLARED_KEYS = (*LISTED, MATRIX, TENANTS)


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry, and where it stands."""

    place: Place
    entry: ConfiguredDeclaration


def read_declared(reading: Reading, document: Mapping[str, Any]) -> ConfiguredDeclarations:
    """Of a whole document; what is wrong in it is a problem and left out."""
    found = [one for key in LISTED for one in _listed(reading, key, document.get(key, []))]
    found += _matrices(reading, document)
    _refuse_twice(reading, found)
    wanted = ConfiguredDeclarations(tuple(one.entry for one in found))
    _check_references(reading, found, wanted, _named(document))
    return wanted


def _listed(reading: Reading, key: str, value: object) -> Iterator[_Written]:
    listed = LISTED[key]
    for number, (place, table) in enumerate(reading.tables(value, key)):
        body, tenants = _read_one(reading, listed, place, table)
        if body is None or not reading.is_whole(place):
            continue
        declaration = Declaration(
            kind=listed.kind,
            name=str(body[listed.name]),
            written=body,
            origin=DeclarationOrigin.CONFIG,
            place=number,
        )
        yield _Written(place, ConfiguredDeclaration(declaration, tenants))


def _read_one(
    reading: Reading, listed: _Listed, place: Place, table: Any
) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    if listed.table is None:
        return _read_body(reading, listed, place, table)
    found: Any = reading.read(table, place, listed.table)
    if found is None:
        return None, ()
    body = _plain(found)
    return _normal(reading, listed.kind, place, body), found.tenants


def _read_body(
    reading: Reading, listed: _Listed, place: Place, table: Any
) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    if not isinstance(table, dict):
        reading.complain(place, "must be a table")
        return None, ()
    tenants = reading.read(table.get(TENANTS, []), (*place, TENANTS), tuple[str, ...]) or ()
    body = {key: value for key, value in table.items() if key != TENANTS}
    for below, message in not_plain(body):
        reading.complain(place + below, message)
    try:
        check_name(str(body.get(listed.name, "")))
    except ValueError as error:
        missing = listed.name not in body
        reading.complain((*place, listed.name), "is required" if missing else str(error))
    return _normal(reading, listed.kind, place, body), tenants


def _normal(
    reading: Reading, kind: DeclarationKind, place: Place, body: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """None, with problems noted, if the kind does not take it."""
    body = {key: value for key, value in body.items() if key != TENANTS}
    try:
        return normal(kind, body)
    except BadBody as error:
        for below, message in error.mistakes:
            reading.complain(place + below, message)
    except ValueError as error:
        reading.complain(place, str(error))
    return None


def _plain(table: Any) -> dict[str, Any]:
    """As it was written, with what it did not say."""
    found = {}
    for each in fields(table):
        value = getattr(table, each.name)
        if is_dataclass(value):
            value = _plain(value)
        elif isinstance(value, dict):
            value = {
                key: asdict(inner) if is_dataclass(inner) and not isinstance(inner, type) else inner
                for key, inner in value.items()
            }
        found[key_of(each)] = value
    return found


def _matrices(reading: Reading, document: Mapping[str, Any]) -> Iterator[_Written]:
    if MATRIX in document:
        yield from _matrix(reading, document[MATRIX], (MATRIX,), ())
    tenants = reading.read(document.get(TENANTS, {}), (TENANTS,), dict[str, Any]) or {}
    for name, table in tenants.items():
        place = (TENANTS, name)
        reading.read(table, place, TenantTable)
        if isinstance(table, dict) and MATRIX in table:
            yield from _matrix(reading, table[MATRIX], (*place, MATRIX), (name,))


def _matrix(
    reading: Reading, cells: object, place: Place, tenants: tuple[str, ...]
) -> Iterator[_Written]:
    if not isinstance(cells, dict):
        reading.complain(place, "must be a table")
        return
    kind = DeclarationKind.PRIORITY_MATRIX
    body = _normal(reading, kind, place, cells)
    if body is not None:
        declaration = Declaration(
            kind=kind, name=MATRIX_NAME, written=body, origin=DeclarationOrigin.CONFIG
        )
        yield _Written(place, ConfiguredDeclaration(declaration, tenants))


def _refuse_twice(reading: Reading, found: Sequence[_Written]) -> None:
    """A name is declared once for all tenants, and once for each that is named."""
    seen: set[tuple[Named, str]] = set()
    for one in found:
        named = one.entry.declaration.named
        for tenant in one.entry.tenants or ("",):
            if (named, tenant) in seen:
                where = f" of tenant {tenant!r}" if tenant else ""
                reading.complain(one.place, f"{named.name!r} is declared twice{where}")
            seen.add((named, tenant))


def _named(document: Mapping[str, Any]) -> set[Named]:
    """Whatever is named, were it wrong: what refers to it is not wrong for that."""
    return (
        {
            Named(listed.kind, str(table.get(listed.name)))
            for key, listed in LISTED.items()
            for table in document.get(key, ())
            if isinstance(table, dict)
        }
        if all(isinstance(document.get(key, []), list) for key in LISTED)
        else set()
    )


def _check_references(
    reading: Reading, found: Sequence[_Written], wanted: ConfiguredDeclarations, named: set[Named]
) -> None:
    for tenant in wanted.tenants():
        for one in found:
            if tenant in (one.entry.tenants or (tenant,)):
                for kind, name, below, message in wrong_references(
                    one.entry.declaration, wanted.of(tenant), wanted.names(tenant)
                ):
                    is_wrong_itself = Named(kind, name) in named - _whole(found)
                    if not is_wrong_itself and reading.is_whole(one.place + below):
                        reading.complain(one.place + below, message + _of(tenant, one))


def _whole(found: Sequence[_Written]) -> set[Named]:
    return {one.entry.declaration.named for one in found}


def _of(tenant: str, one: _Written) -> str:
    return f" (in tenant {tenant!r})" if tenant and tenant not in one.entry.tenants else ""
