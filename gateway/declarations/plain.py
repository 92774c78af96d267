"""Readers of bodies that are kept as they were written: workflows, fields and the matrix."""

from collections.abc import Mapping
from typing import Any

from gateway.declarations.mistakes import BadBody, not_plain
from gateway.tickets import field_reading, priority
from gateway.tickets.fields import Field
from gateway.tickets.priority import Matrix
from gateway.workflows import definition
from gateway.workflows.workflow import Workflow


def read_workflow(body: Mapping[str, Any], version: int) -> Workflow:
    """One workflow."""
    mistakes = list(not_plain(body))
    try:
        workflow = definition.read_workflow(body, version)
    except definition.BadWorkflow as error:
        mistakes += [(one.where, one.sentence) for one in error.mistakes]
        raise BadBody(mistakes) from error
    if mistakes:
        raise BadBody(mistakes)
    return workflow


def read_field(body: Mapping[str, Any], version: int) -> Field:
    """One custom field."""
    field, mistakes = field_reading.read_field(body)
    if field is None:
        raise BadBody([*not_plain(body), *mistakes])
    return field


def read_matrix(body: Mapping[str, Any], version: int) -> Matrix:
    """`"severity/impact/urgency" = priority`: the cells that differ from the default ones."""
    matrix, mistakes = priority.read_matrix(body)
    if mistakes:
        raise BadBody(mistakes)
    return matrix
