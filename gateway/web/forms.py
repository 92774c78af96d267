"""Forms: what people send, decoded strictly, with a pointer to the field that is wrong."""

import re
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from gateway.errors import FieldError, Refused

FormType = TypeVar("FormType")


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all request bodies of the people's API: a field it does not name is refused."""


class BadForm(Refused):
    """The body is not what this path takes."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A field that holds an instant: RFC 3339 with a zone."""


def in_utc(moment: datetime, pointer: str) -> datetime:
    """Raises BadForm for what lies beyond the calendar once its zone is taken into account."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise bad_field(pointer, "is beyond the calendar") from error


def bad_field(pointer: str, detail: str) -> BadForm:
    """The refusal of one field."""
    return BadForm("the body is not valid", "invalid_body", (FieldError(pointer, detail),))


_PLACE = re.compile(r" - at `(key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"(?:unknown|required) field `(.*)`$", re.DOTALL)


def decode_form(body: bytes, form: type[FormType]) -> FormType:
    """Raises BadForm; unknown fields are refused if *form* is a `Form`."""
    if not body.strip():
        raise BadForm("a JSON body is required", "empty_body")
    try:
        decoded = msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadForm(f"the body is not JSON: {error}", "malformed_json") from error
    except RecursionError as error:
        raise BadForm("the body is nested too deeply", "malformed_json") from error
    _refuse_nul(body)
    return decoded


def pointer_of(place: str) -> str:
    """`.matchers[0].name`, as msgspec names a place, as the JSON pointer `/matchers/0/name`."""
    steps = (match[1] or match[2] for match in _STEP.finditer(place))
    return "".join(map(_pointer_step, steps))


def _pointer_step(name: object) -> str:
    return "/" + str(name).replace("~", "~0").replace("/", "~1")


def _explained(text: str) -> BadForm:
    place = _PLACE.search(text)
    pointer = pointer_of(place[2]) if place else ""
    detail = text[: place.start()] if place else text
    if field := _FIELD.search(detail):
        pointer += _pointer_step(field[1])
    return bad_field(pointer, detail)


def _refuse_nul(body: bytes) -> None:
    """PostgreSQL stores no NUL in text: say so here, where the field can be named."""
    if b"\\u0000" not in body:
        return
    todo: list[tuple[str, object]] = [("", msgspec.json.decode(body))]
    while todo:
        pointer, value = todo.pop()
        if isinstance(value, dict):
            todo.extend((pointer, name) for name in value)
            todo.extend((pointer + _pointer_step(name), inner) for name, inner in value.items())
        elif isinstance(value, list):
            todo.extend((f"{pointer}/{index}", inner) for index, inner in enumerate(value))
        elif isinstance(value, str) and "\0" in value:
            raise bad_field(pointer, "the character U+0000 cannot be stored")
