"""What each kind of declaration is read as: the one list of them.

A reader takes what was written, or a body that is kept, with its version, and gives the noun. It
raises BadBody with every mistake and its place, or ValueError.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.declarations.approval import Approval
from gateway.declarations.catalog import read_catalog_item
from gateway.declarations.declaration import DeclarationKind
from gateway.declarations.plain import read_field, read_matrix, read_workflow
from gateway.declarations.project import Project
from gateway.sla.calendar import Calendar
from gateway.sla.policy import Policy, read_policy

Read = Callable[[Mapping[str, Any], int], Any]


def _as(kind: type) -> Read:
    return lambda body, version: msgspec.convert(body, kind)


KINDS: Mapping[DeclarationKind, Read] = {
    DeclarationKind.WORKFLOW: read_workflow,
    DeclarationKind.APPROVAL: _as(Approval),
    DeclarationKind.POLICY: lambda body, version: read_policy(body),
    DeclarationKind.CALENDAR: _as(Calendar),
    DeclarationKind.FIELD: read_field,
    DeclarationKind.CATALOG_ITEM: lambda body, version: read_catalog_item(body),
    DeclarationKind.PROJECT: _as(Project),
    DeclarationKind.PRIORITY_MATRIX: read_matrix,
}


def read(kind: DeclarationKind, body: Mapping[str, Any], version: int = 0) -> Any:
    """The noun that *body* says."""
    return KINDS[kind](body, version)


def normal(kind: DeclarationKind, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was written, as plain values: of Structs without what is a default."""
    noun = read(kind, body)
    return plain(noun) if isinstance(noun, msgspec.Struct) and kind in _STRUCTS else body


def plain(noun: msgspec.Struct) -> Mapping[str, Any]:
    """A noun as it was written, without what is worked out when it is declared."""
    if isinstance(noun, Policy) and noun.hours is not None:
        noun = msgspec.structs.replace(noun, hours=_as_written(noun.hours))
    if isinstance(noun, Calendar):
        noun = _as_written(noun)
    found: Mapping[str, Any] = msgspec.to_builtins(noun)
    return found


def complete(kind: DeclarationKind, body: Mapping[str, Any], year: int) -> Mapping[str, Any]:
    """What is kept of what was written, when it is declared in *year*."""
    if kind not in (DeclarationKind.POLICY, DeclarationKind.CALENDAR):
        return body
    noun = read(kind, body)
    if isinstance(noun, Policy) and noun.hours is not None:
        noun = msgspec.structs.replace(noun, hours=noun.hours.complete(year))
    if isinstance(noun, Calendar):
        noun = noun.complete(year)
    found: Mapping[str, Any] = msgspec.to_builtins(noun)
    return found


_STRUCTS = frozenset(
    {
        DeclarationKind.APPROVAL, DeclarationKind.POLICY, DeclarationKind.CALENDAR,
        DeclarationKind.CATALOG_ITEM, DeclarationKind.PROJECT,
    }
)  # fmt: skip
"""Kinds that have one spelling; the others are kept as they were written."""


def _as_written(calendar: Calendar) -> Calendar:
    return msgspec.structs.replace(calendar, dates=())
