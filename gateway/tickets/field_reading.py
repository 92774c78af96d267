"""A declared field, from a table as people write it; every mistake in it at once."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.alerts.opening import TicketType
from gateway.tickets.fields import FIELD_NAME, MOST_NUMBER, Field, FieldType, read_band
from gateway.tickets.priority import Blame

_CHOOSING = frozenset({FieldType.CHOICE, FieldType.MULTICHOICE})
_OF_NUMBERS = ("minimum", "maximum", "bands")


def read_field(given: Mapping[str, Any]) -> tuple[Field | None, list[Blame]]:
    """The field that *given* declares, None if something is wrong; and what that is."""
    values, mistakes = dict[str, Any](), list[Blame]()
    for key, value in given.items():
        try:
            if key not in _READERS:
                raise ValueError(f"unknown key; there are {', '.join(sorted(_READERS))}")
            values[key] = _READERS[key](value)
        except ValueError as error:
            mistakes.append(((key,), str(error)))
    mistakes += [((key,), "is required") for key in ("name", "type") if key not in given]
    if mistakes:
        return None, mistakes
    field = Field(**values)
    mistakes = _unfitting(field, given)
    return (None if mistakes else field), mistakes


def _unfitting(field: Field, given: Mapping[str, Any]) -> list[Blame]:
    """What does not go together."""
    chooses = field.type in _CHOOSING
    found: list[Blame] = []
    if chooses and not field.choices:
        found.append((("choices",), "is required"))
    if field.choices and not chooses:
        found.append((("choices",), f"belongs to choice and multichoice, not to {field.type}"))
    for key in _OF_NUMBERS:
        if key in given and field.type is not FieldType.NUMBER:
            found.append(((key,), f"belongs to number, not to {field.type}"))
    if field.minimum > field.maximum:
        found.append((("minimum",), "must not be greater than `maximum`"))
    return found


def _name(value: Any) -> str:
    if not isinstance(value, str) or not FIELD_NAME.fullmatch(value):
        raise ValueError("must be small letters, digits and `_`, beginning with a letter")
    return value


def _type(value: Any) -> FieldType:
    try:
        return FieldType(value)
    except ValueError as error:
        raise ValueError(f"must be one of {', '.join(FieldType)}") from error


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError("must be a list of texts")
    if len(set(value)) < len(value):
        raise ValueError("must not name anything twice")
    return tuple(value)


def _choices(value: Any) -> tuple[str, ...]:
    """A list of choices is joined by commas where conditions read it."""
    if any("," in one for one in _texts(value)):
        raise ValueError("must not hold a comma")
    return _texts(value)


def _types(value: Any) -> tuple[TicketType, ...]:
    try:
        return tuple(TicketType(one) for one in _texts(value))
    except ValueError as error:
        raise ValueError(f"must be a list of some of {', '.join(TicketType)}") from error


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not -MOST_NUMBER <= value <= MOST_NUMBER:
        raise ValueError("must be a number")
    return float(value)


def _bands(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError('must be a table, as in {small = "<1000", large = ">=1000"}')
    return {name: read_band(text) for name, text in value.items()}


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "type": _type,
    "choices": _choices,
    "types": _types,
    "projects": _texts,
    "internal": _flag,
    "minimum": _number,
    "maximum": _number,
    "bands": _bands,
}
