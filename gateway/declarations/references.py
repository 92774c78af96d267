"""What declarations name of others: it must be there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gateway.declarations.approval import Approval
from gateway.declarations.catalog import CatalogItem
from gateway.declarations.declaration import Declaration, DeclarationKind
from gateway.declarations.kinds import read
from gateway.declarations.mistakes import BodyPlace
from gateway.declarations.project import Project
from gateway.sla.calendar import Calendar, check_calendar
from gateway.sla.policy import Policy, check_policy
from gateway.workflows.check import check_workflow
from gateway.workflows.workflow import Workflow
from gateway.workflows.written import Finding

_K = DeclarationKind


class Wrong(NamedTuple):
    """A mistake; *kind* and *name*: what it is about, if that is missing."""

    kind: DeclarationKind
    name: str
    place: BodyPlace
    message: str


def wrong_references(
    one: Declaration, all_of: Sequence[Declaration], names: Mapping[_K, set[str]]
) -> Iterator[Wrong]:
    """Of *one* among all of its tenant; *names*: what there is, shipped ones too."""
    noun = read(one.kind, one.written)
    if isinstance(noun, Policy):
        calendars = {
            other.name: read(other.kind, other.written)
            for other in all_of
            if other.kind is _K.CALENDAR
        }
        for field, message in check_policy(noun, calendars):
            yield Wrong(_K.CALENDAR, noun.calendar, (field,), message)
    if isinstance(noun, Workflow):
        found = check_workflow(
            noun,
            fields=names[_K.FIELD],
            approvals=names[_K.APPROVAL],
            starts=_starts_in(noun, all_of),
        )
        for where, sentence in _by_place(found.refused):
            yield Wrong(one.kind, "", where, sentence)
    if isinstance(noun, Calendar):
        for field, message in check_calendar(noun):
            yield Wrong(one.kind, "", (field,), message)
    if isinstance(noun, Approval) and noun.needed > len(noun.seats):
        yield Wrong(one.kind, "", ("need",), f"asks for more than its {len(noun.seats)} seats")
    for kind, name, place in _named_by(noun):
        if name and name not in names[kind]:
            there = ", ".join(sorted(names[kind])) or "none"
            yield Wrong(
                kind, name, place, f"no {_CALLED[kind]} is named {name!r}; there are {there}"
            )


def _by_place(findings: Sequence[Finding]) -> Iterator[tuple[BodyPlace, str]]:
    """Of one place all that is wrong there: a file's reader tells one mistake a place."""
    sentences: dict[BodyPlace, list[str]] = {}
    for where, sentence in findings:
        sentences.setdefault(where, []).append(sentence)
    for where, told in sentences.items():
        yield where, "; ".join(told)


def _starts_in(workflow: Workflow, all_of: Sequence[Declaration]) -> set[str]:
    """Where the tenant's catalog items begin their tickets in it."""
    items = [read(one.kind, one.written) for one in all_of if one.kind is _K.CATALOG_ITEM]
    return {one.start for one in items if one.workflow == workflow.name and one.start}


def _named_by(noun: Any) -> Iterator[tuple[_K, str, BodyPlace]]:
    if isinstance(noun, CatalogItem):
        yield _K.WORKFLOW, noun.workflow, ("workflow",)
        yield _K.PROJECT, noun.project, ("project",)
        yield _K.POLICY, noun.sla, ("sla",)
        yield _K.APPROVAL, noun.approval, ("approval",)
    if isinstance(noun, Project):
        yield _K.POLICY, noun.sla, ("sla",)
        for index, name in enumerate(noun.workflows):
            yield _K.WORKFLOW, name, ("workflows", index)
    if isinstance(noun, CatalogItem | Project):
        for index, name in enumerate(noun.fields):
            yield _K.FIELD, name, ("fields", index)


_CALLED = {
    _K.WORKFLOW: "workflow",
    _K.APPROVAL: "approval",
    _K.POLICY: "policy",
    _K.FIELD: "field",
    _K.PROJECT: "project",
}
