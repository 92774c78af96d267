"""Declared fields as a JSON Schema (2020-12), for forms and whoever checks before sending."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.tickets.fields import (
    DATE,
    DATETIME,
    MOST_CHARACTERS,
    URL,
    USER,
    Field,
    FieldType,
)

FieldSchema = dict[str, Any]


def schema_of(fields: Mapping[str, Field]) -> FieldSchema:
    """Of a ticket's `custom`: the same values are valid as for `validate`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            name: _SCHEMAS[field.type](field)
            for name, field in fields.items()
            if not field.withdrawn
        },
        "additionalProperties": False,
    }


def _choice(field: Field) -> FieldSchema:
    return {"enum": list(field.choices)}


def _multichoice(field: Field) -> FieldSchema:
    return {"type": "array", "items": _choice(field), "uniqueItems": True}


def _number(field: Field) -> FieldSchema:
    return {"type": "number", "minimum": field.minimum, "maximum": field.maximum}


def _text(pattern: str, **more: str) -> Callable[[Field], FieldSchema]:
    return lambda field: {"type": "string", "pattern": pattern, **more}


_SCHEMAS: Mapping[FieldType, Callable[[Field], FieldSchema]] = {
    FieldType.TEXT: lambda field: {"type": "string", "maxLength": MOST_CHARACTERS},
    FieldType.CHOICE: _choice,
    FieldType.MULTICHOICE: _multichoice,
    FieldType.NUMBER: _number,
    FieldType.DATE: _text(DATE, format="date"),
    FieldType.DATETIME: _text(DATETIME, format="date-time"),
    FieldType.BOOL: lambda field: {"type": "boolean"},
    FieldType.USER: _text(USER),
    FieldType.URL: _text(URL, format="uri"),
}
