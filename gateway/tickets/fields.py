"""Custom fields: what is declared of them, and whether values are what is declared.

Values lie in a ticket as one JSON object, `custom`. What JSON Schema says of the same declarations
is in `field_schema.py`.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec
import orjson

from gateway.alerts.opening import TicketType
from gateway.errors import FieldError, Refused, pointer_to

FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
MOST_CHARACTERS = 65_536
"""Of a text."""
MOST_NUMBER = 2**53 - 1
"""Either way of 0: every reader of JSON has them exactly."""
URL = r"^https?://[\x21-\x22\x24-\x2e\x30-\x3e\x40-\x7e][\x21-\x7e]{0,2000}(?![\s\S])"
USER = r"^[A-Za-z0-9._@:+-]{1,200}(?![\s\S])"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\s\S])"
DATETIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})(?![\s\S])"
)
_PATTERNS = {pattern: re.compile(pattern) for pattern in (URL, USER, DATE, DATETIME)}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
_COMPARED = re.compile(r"\s*(<=|>=|<|>|=)\s*(-?[0-9]{1,15}(?:\.[0-9]{1,6})?)\s*")

Bound = tuple[str, float]
"""A comparison, and what it compares with."""


class FieldType(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    CHOICE = "choice"
    MULTICHOICE = "multichoice"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOL = "bool"
    USER = "user"
    URL = "url"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One declared field. No *types*, no *projects*: those of all tickets."""

    name: str
    type: FieldType
    choices: tuple[str, ...] = ()
    types: tuple[TicketType, ...] = ()
    projects: tuple[str, ...] = ()
    internal: bool = False
    """Only for those who work on the ticket, or view its project."""
    minimum: float = -MOST_NUMBER
    maximum: float = MOST_NUMBER
    bands: Mapping[str, tuple[Bound, ...]] = msgspec.field(default_factory=dict)
    """Names of stretches of a number; conditions can ask for these. The first that fits counts."""
    withdrawn: bool = False
    """Declared no more: values stay, and can only be read."""


class InvalidCustom(Refused):
    """Values that are not what is declared."""


def read_band(text: str) -> tuple[Bound, ...]:
    """`<1000`, or several that all hold: `>=10, <1000`. Raises ValueError."""
    found = [_COMPARED.fullmatch(part) for part in text.split(",")]
    if not all(found):
        raise ValueError('must compare with numbers, as in "<1000" or ">=10, <1000"')
    return tuple((match[1], float(match[2])) for match in found if match)


def applicable(fields: Mapping[str, Field], kind: TicketType, project: str) -> Mapping[str, Field]:
    """Those that a ticket of this type, in this project (empty: none), may have."""
    return {
        name: field
        for name, field in fields.items()
        if (not field.types or kind in field.types)
        and (not field.projects or project in field.projects)
    }


def validate(fields: Mapping[str, Field], values: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong in *values*, each with a pointer from where these begin."""
    found = []
    for name, value in values.items():
        detail = _mistake_in(fields, name, value)
        if detail is not None:
            found.append(FieldError(pointer_to((name,)), detail))
    return found


def check_custom(
    fields: Mapping[str, Field], kind: TicketType, project: str, given: Mapping[str, Any]
) -> None:
    """Raises InvalidCustom unless *given* may be set on such a ticket; None removes, also what
    tickets of another type or project have.
    """
    kept = {name: value for name, value in given.items() if value is not None}
    removed = [name for name in given if name not in kept]
    found = validate(applicable(fields, kind, project), kept)
    for name in removed:
        detail = _unsettable(fields, name)
        if detail is not None:
            found.append(FieldError(pointer_to((name,)), detail))
    if found:
        errors = tuple(FieldError(f"/custom{one.pointer}", one.detail) for one in found)
        raise InvalidCustom("custom fields are not valid", "invalid_custom", errors)


def flat_custom(fields: Mapping[str, Field], custom: bytes) -> dict[str, str]:
    """`custom.NAME` as texts, and `custom.NAME_band` of a number that is in one."""
    flat = {}
    for name, value in orjson.loads(custom).items():
        flat[f"custom.{name}"] = flat_text(value)
        band = _band_of(fields[name], value) if name in fields else None
        if band is not None:
            flat[f"custom.{name}_band"] = band
    return flat


def flat_text(value: Any) -> str:
    """A value as conditions and the history have it: a list joined by commas, `true` or nothing,
    a whole number without a fraction.
    """
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, list):
        return ",".join(map(flat_text, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _band_of(field: Field, value: Any) -> str | None:
    if not _is_number(value):
        return None
    for name, bounds in field.bands.items():
        if all(_COMPARISONS[sign](value, number) for sign, number in bounds):
            return name
    return None


def _unsettable(fields: Mapping[str, Field], name: str) -> str | None:
    if name not in fields:
        known = ", ".join(sorted(one for one in fields if not fields[one].withdrawn))
        return f"is no field of this ticket; there are {known or 'none'}"
    return "is withdrawn: it can only be read" if fields[name].withdrawn else None


def _mistake_in(fields: Mapping[str, Field], name: str, value: Any) -> str | None:
    return _unsettable(fields, name) or _CHECKS[fields[name].type](fields[name], value)


def _text(field: Field, value: Any) -> str | None:
    fits = isinstance(value, str) and len(value) <= MOST_CHARACTERS
    return None if fits else f"must be a text of at most {MOST_CHARACTERS:,} characters"


def _choice(field: Field, value: Any) -> str | None:
    fits = isinstance(value, str) and value in field.choices
    return None if fits else f"must be one of {', '.join(field.choices)}"


def _multichoice(field: Field, value: Any) -> str | None:
    fits = isinstance(value, list) and all(_choice(field, one) is None for one in value)
    if not fits or len(set(value)) < len(value):
        return f"must be a list of some of {', '.join(field.choices)}, each once"
    return None


def _number(field: Field, value: Any) -> str | None:
    fits = _is_number(value) and field.minimum <= value <= field.maximum
    return None if fits else f"must be a number from {field.minimum:.15g} to {field.maximum:.15g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _date(field: Field, value: Any) -> str | None:
    fits = _matches(DATE, value) and _reads(date.fromisoformat, value)
    return None if fits else 'must be a date, as in "2026-03-04"'


def _datetime(field: Field, value: Any) -> str | None:
    fits = _matches(DATETIME, value) and _reads(datetime.fromisoformat, value)
    return None if fits else 'must be a time with its zone, as in "2026-03-04T05:06:07Z"'


def _bool(field: Field, value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _user(field: Field, value: Any) -> str | None:
    return None if _matches(USER, value) else "must name a user"


def _url(field: Field, value: Any) -> str | None:
    return None if _matches(URL, value) else "must be a URL that begins with https:// or http://"


def _matches(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and _PATTERNS[pattern].match(value) is not None


def _reads(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


_CHECKS: Mapping[FieldType, Callable[[Field, Any], str | None]] = {
    FieldType.TEXT: _text,
    FieldType.CHOICE: _choice,
    FieldType.MULTICHOICE: _multichoice,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.BOOL: _bool,
    FieldType.USER: _user,
    FieldType.URL: _url,
}


def _shipped(name: str, *types: TicketType, choices: Sequence[str] = ()) -> Field:
    kind = FieldType.CHOICE if choices else FieldType.TEXT
    return Field(name=name, type=kind, choices=tuple(choices), types=types)


SHIPPED_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        field.name: field
        for field in (
            _shipped("risk", TicketType.CHANGE, choices=("low", "medium", "high")),
            _shipped("plan", TicketType.CHANGE),
            _shipped("backout", TicketType.CHANGE),
            _shipped("root_cause", TicketType.PROBLEM, TicketType.REVIEW),
            _shipped("workaround", TicketType.PROBLEM),
        )
    }
)
"""Those that the shipped workflows ask for; one that is declared replaces that of its name."""
