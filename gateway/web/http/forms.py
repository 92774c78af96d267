"""Forms: what people send, decoded strictly, with a pointer to the field that is wrong."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from multidict import MultiMapping

from gateway.errors import FieldError, Refused, pointer_to
from gateway.web.views.hints import names_wanted, takes_truth, value_wanted

FormType = TypeVar("FormType")
Query = TypeVar("Query", bound="Form")


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all that people send: a field, or a query parameter, it does not name is refused."""


class BadForm(Refused):
    """The body is not what this path takes."""


class BadParameters(Refused):
    """The query string is not what this path takes."""


def in_utc(moment: datetime, pointer: str) -> datetime:
    """Raises BadForm for what lies beyond the calendar once its zone is taken into account."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise bad_field(pointer, "is beyond the calendar") from error


def bad_field(pointer: str, detail: str) -> BadForm:
    """The refusal of one field."""
    return BadForm("the body is not valid", "invalid_body", (FieldError(pointer, detail),))


_NUMBER = re.compile("0|[1-9][0-9]{0,8}")
"""In a query; more digits are too many for any bound."""
_TRUTHS = {"true": True, "false": False}
_PLACE = re.compile(r" - at `(key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode_form(body: bytes, form: type[FormType]) -> FormType:
    """Raises BadForm; unknown fields are refused if *form* is a `Form`."""
    if not body.strip():
        raise BadForm("a JSON body is required", "empty_body")
    try:
        decoded = msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as error:
        raise _explained(str(error), form) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _refuse_lone_surrogate(body)
        raise BadForm(f"the body is not JSON: {error}", "malformed_json") from error
    except RecursionError as error:
        raise BadForm("the body is nested too deeply", "malformed_json") from error
    _refuse_nul(body)
    return decoded


def decode_query(query: MultiMapping[str], form: type[Query]) -> Query:
    """Raises BadParameters: names that *form* does not have, or must have and are not given; values
    given twice or not its own.

    A field is a text or a word of an enumeration; one with a number for its default is a number,
    one with a tuple may be given more than once.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(form)}
    if unknown := sorted(set(query) - fields.keys()):
        raise _unknown(unknown, sorted(fields))
    needed = (name for name, field in fields.items() if field.required)
    if missing := next((name for name in needed if name not in query), None):
        raise bad_parameter(missing, "is required")
    values = {fields[name].name: _value(fields[name], query.getall(name)) for name in query}
    return form(**values)


def _unknown(names: list[str], known: list[str]) -> BadParameters:
    return BadParameters(
        f"unknown query parameters: {', '.join(names)} (known: {', '.join(known) or 'none'})",
        "unknown_parameter",
        tuple(FieldError(f"/{name}", "is not a parameter of this path") for name in names),
    )


def _value(field: msgspec.structs.FieldInfo, given: list[str]) -> object:
    name = field.encode_name
    if any("\0" in text for text in given):
        raise bad_parameter(name, "must not hold the character U+0000")
    repeats = isinstance(field.default, tuple)
    if len(given) > 1 and not repeats:
        raise bad_parameter(name, "may be given once")
    try:
        return msgspec.convert(given if repeats else _plain(field, given[0]), field.type)
    except msgspec.ValidationError as error:
        wanted = value_wanted(field.type, ("0",) if repeats else ())
        raise bad_parameter(name, wanted or "is not what this parameter takes") from error


def _plain(field: msgspec.structs.FieldInfo, text: str) -> object:
    """A query holds texts alone: the number or the truth that *text* writes, if one is wanted."""
    if isinstance(field.default, int) and _NUMBER.fullmatch(text):
        return int(text)
    return _TRUTHS.get(text, text) if takes_truth(field.type) else text


def bad_parameter(name: str, detail: str) -> BadParameters:
    """The refusal of one query parameter."""
    return BadParameters(f"{name} {detail}", "bad_parameter", (FieldError(f"/{name}", detail),))


def _steps_in(place: str) -> list[str]:
    """`.matchers[0].name`, as msgspec names a place."""
    return [match[1] or match[2] for match in _STEP.finditer(place)]


def _explained(text: str, form: object) -> BadForm:
    place = _PLACE.search(text)
    steps = _steps_in(place[2]) if place else []
    detail = text[: place.start()] if place else text
    wanted = None
    if field := _FIELD.fullmatch(detail):
        wanted = names_wanted(form, steps) if field[1] == "contains unknown" else None
        steps.append(field[2])
    elif not (place and place[1]):  # of a key nothing is known
        wanted = value_wanted(form, steps)
    told = "; ".join(filter(None, (detail, wanted)))
    return bad_field(pointer_to(steps), told)


def _refuse_nul(body: bytes) -> None:
    """PostgreSQL stores no NUL in text: say so here, where the field can be named."""
    if b"\\u0000" not in body:
        return
    for place, text in _texts(msgspec.json.decode(body)):
        if "\0" in text:
            raise bad_field(_pointer_to(place), "the character U+0000 cannot be stored")


def _refuse_lone_surrogate(body: bytes) -> None:
    r"""JSON can write half a character (`\ud800`), which msgspec takes for a mistake of syntax."""
    try:
        texts = list(_texts(json.loads(body)))
    except (ValueError, RecursionError):
        return
    for place, text in texts:
        if lone := _SURROGATE.search(text):
            detail = rf"\u{ord(lone[0]):04x} is half a surrogate pair, and so no character"
            raise bad_field(_pointer_to(place).encode("utf-8", "replace").decode(), detail)


_Place = tuple["_Place | None", object]
"""Where it is, and its own step from there; written out only where it is wanted."""


def _texts(value: object) -> Iterator[tuple[_Place | None, str]]:
    """Every text in decoded JSON with its place; that of a key is its object's."""
    todo: list[tuple[_Place | None, object]] = [(None, value)]
    while todo:
        place, inner = todo.pop()
        if isinstance(inner, str):
            yield place, inner
        elif isinstance(inner, dict):
            todo.extend((place, name) for name in inner)
            todo.extend(((place, name), each) for name, each in inner.items())
        elif isinstance(inner, list):
            todo.extend(((place, index), each) for index, each in enumerate(inner))


def _pointer_to(place: _Place | None) -> str:
    steps = []
    while place is not None:
        place, step = place
        steps.append(step)
    return pointer_to(reversed(steps))
