"""Lists: `limit`, an opaque cursor bound to its filters, and `{"items": [...], "next": ...}`."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

import msgspec
from aiohttp import web

from gateway.errors import FieldError, Refused

DEFAULT_LIMIT = 50
MAX_LIMIT = 500

_LIMIT = re.compile("[1-9][0-9]{0,2}")
_DIGEST_BYTES = 12
_PAGING = ("limit", "cursor")

Row = TypeVar("Row")
Position = TypeVar("Position", bound=tuple[object, ...])


def exactly(pattern: str) -> msgspec.Meta:
    r"""Of a field that holds nothing but *pattern*: `$` alone would let a line break follow."""
    return msgspec.Meta(pattern=rf"\A(?:{pattern})\Z")


class BadParameters(Refused):
    """The query string is not what this path takes."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """The filters in a query string: only names that the path knows."""

    given: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str | None:
        """The only value, None if absent; refused if given twice."""
        values = self.given.get(name, ())
        if len(values) > 1:
            raise _bad(name, "may be given once")
        return values[0] if values else None

    def every(self, name: str) -> tuple[str, ...]:
        """All values, in the order given."""
        return self.given.get(name, ())


@dataclass(frozen=True, slots=True)
class Page(Generic[Position]):
    """Which part of which list: at most *limit* rows after the position *after*."""

    limit: int
    after: Position | None
    filters: Parameters
    _list: str

    @property
    def fetch(self) -> int:
        """How many rows to select: one more than wanted shows whether there is a next page."""
        return self.limit + 1

    def answer(
        self,
        rows: Sequence[Row],
        position_of: Callable[[Row], Position],
        present: Callable[[Row], object],
    ) -> dict[str, object]:
        """The body for up to `fetch` *rows*; the cursor is the position of the last one shown."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return {
            "items": [present(row) for row in shown],
            "next": _cursor(self._list, position_of(shown[-1])) if more else None,
        }


def query_parameters(request: web.Request, allowed: Collection[str]) -> Parameters:
    """Of a path that is no list; raises BadParameters naming every unknown one."""
    return _known(request, allowed)


def page_parameters(
    request: web.Request, allowed: Collection[str], position: type[Position]
) -> Page[Position]:
    """*allowed* are the list's filters; *position* is what its cursor holds, e.g. tuple[int, str].

    Raises BadParameters: unknown names, a bad limit, a cursor that is broken or of another list.
    """
    known = _known(request, (*allowed, *_PAGING))
    filters = Parameters({name: v for name, v in known.given.items() if name not in _PAGING})
    this_list = _digest(_path_of(request), filters)
    cursor = known.one("cursor")
    after = None if cursor is None else _position(cursor, this_list, position)
    return Page(_limit(known.one("limit")), after, filters, this_list)


def first_page(path: str) -> Page[tuple[object, ...]]:
    """The beginning of the list at *path*, shown elsewhere: its `next` goes on there."""
    everything = Parameters({})
    return Page(DEFAULT_LIMIT, None, everything, _digest(path, everything))


def _known(request: web.Request, allowed: Collection[str]) -> Parameters:
    query = request.query
    unknown = sorted(set(query) - set(allowed))
    if unknown:
        known = ", ".join(sorted(allowed)) or "none"
        raise BadParameters(
            f"unknown query parameters: {', '.join(unknown)} (known: {known})",
            "unknown_parameter",
            tuple(FieldError(f"/{name}", "is not a parameter of this path") for name in unknown),
        )
    given = {name: tuple(query.getall(name)) for name in query}
    for name, values in given.items():
        if any("\0" in value for value in values):
            raise _bad(name, "must not hold the character U+0000")
    return Parameters(given)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (_LIMIT.fullmatch(text) and int(text) <= MAX_LIMIT):
        raise _bad("limit", f"must be a number from 1 to {MAX_LIMIT}")
    return int(text)


def _path_of(request: web.Request) -> str:
    """The list's own: what hangs on one ticket is another list than what hangs on the next."""
    resource = request.match_info.route.resource
    return resource.canonical.rstrip("/").format_map(request.match_info) if resource else ""


def _digest(path: str, filters: Parameters) -> str:
    bound = msgspec.json.encode([path, sorted(filters.given.items())])
    return hashlib.blake2b(bound, digest_size=_DIGEST_BYTES).hexdigest()


def _cursor(this_list: str, position: object) -> str:
    plain = msgspec.json.encode([this_list, position])
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def _position(cursor: str, this_list: str, position: type[Position]) -> Position:
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        bound_to, raw = msgspec.json.decode(plain, type=tuple[str, msgspec.Raw])
        after = msgspec.json.decode(raw, type=position)
        _check_values(after)
    except (binascii.Error, ValueError, OverflowError, RecursionError) as error:
        raise BadParameters("the cursor is broken", "bad_cursor") from error
    if bound_to != this_list:
        raise BadParameters("the cursor belongs to a list with other filters", "bad_cursor")
    return after


def _check_values(after: tuple[object, ...]) -> None:
    """Raises OverflowError for an instant that UTC cannot write, ValueError for U+0000 in a text,
    which no row holds.
    """
    for value in after:
        if isinstance(value, datetime):
            value.astimezone(UTC)
        elif isinstance(value, str) and "\0" in value:
            raise ValueError("U+0000 in a text")


def _bad(name: str, detail: str) -> BadParameters:
    return BadParameters(f"{name} {detail}", "bad_parameter", (FieldError(f"/{name}", detail),))
