"""Lists: `limit`, an opaque cursor bound to its filters, and `{"items": [...], "next": ...}`."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import msgspec
from aiohttp import web

from gateway.web.http.endpoint import WebCall
from gateway.web.http.forms import BadParameters, Form, bad_parameter
from gateway.web.views.page import MAX_ITEMS, Page
from gateway.web.views.words import about

DEFAULT_LIMIT = 50

_DIGEST_BYTES = 12
_PAGING = ("limit", "cursor", "after")

Row = TypeVar("Row")
Item = TypeVar("Item")
Position = TypeVar("Position", bound=tuple[object, ...])


def exactly(pattern: str) -> msgspec.Meta:
    r"""Of a field that holds nothing but *pattern*: `$` alone would let a line break follow."""
    return msgspec.Meta(pattern=rf"\A(?:{pattern})\Z")


class PageForm(Form, frozen=True):
    """The query of a list; its filters are the fields of those that inherit from it."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_ITEMS)] = DEFAULT_LIMIT
    cursor: Annotated[str | None, about("`next` of the page before.")] = None


class FeedForm(PageForm, frozen=True):
    """The query of a list that can also be followed as it grows."""

    after: Annotated[
        str | None,
        about(
            "A `next` or `cursor` of this list: what came behind it, oldest first and without a"
            " gap; empty: from the beginning. `next` is then what to ask with from now on, whether"
            " more is there already or not."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class ListPart(Generic[Position]):
    """Which part of which list: at most *limit* rows after the position *after*."""

    limit: int
    after: Position | None
    _list: str

    @property
    def fetch(self) -> int:
        """How many rows to select: one more than wanted shows whether there is a next page."""
        return self.limit + 1

    def page(
        self,
        rows: Sequence[Row],
        position_of: Callable[[Row], Position],
        show: Callable[[Row], Item],
        walked_to: Position | None = None,
    ) -> Page[Item]:
        """Of up to `fetch` *rows*; the cursor is the position of the last one shown.

        *walked_to*: where looking for them ended early, so that a page may be short and not the
        last.
        """
        shown = rows[: self.limit]
        end = position_of(shown[-1]) if len(rows) > self.limit else walked_to
        return Page(
            items=[show(row) for row in shown],
            next=None if end is None else _cursor(self._list, end),
        )

    def feed(
        self,
        rows: Sequence[Row],
        position_of: Callable[[Row], Position],
        show: Callable[[Row], Item],
        walked_to: Position | None = None,
    ) -> Page[Item]:
        """Like `page`, but one can always go on: `next` is null only if nothing was there yet."""
        page = self.page(rows, position_of, show, walked_to)
        if page.next is not None:
            return page
        end = position_of(rows[-1]) if rows else self.after
        return Page(items=page.items, next=None if end is None else _cursor(self._list, end))


def part_of(call: WebCall[PageForm], position: type[Position]) -> ListPart[Position]:
    """*position* is what the list's cursor holds, e.g. tuple[int, str].

    Raises BadParameters for a cursor that is broken or of another list.
    """
    query, form = call.request.query, call.form
    filters = {name: tuple(query.getall(name)) for name in query if name not in _PAGING}
    this_list = _digest(_path_of(call.request), filters)
    cursor = form.cursor
    if isinstance(form, FeedForm) and form.after is not None:
        if cursor is not None:
            raise bad_parameter("after", "goes the other way than cursor: give one of them")
        cursor = form.after or None
    after = None if cursor is None else _position(cursor, this_list, position)
    return ListPart(form.limit, after, this_list)


def first_part(path: str) -> ListPart[tuple[object, ...]]:
    """The beginning of the list at *path*, shown elsewhere: its `next` goes on there."""
    return ListPart(DEFAULT_LIMIT, None, _digest(path, {}))


def _path_of(request: web.Request) -> str:
    """The list's own: what hangs on one ticket is another list than what hangs on the next."""
    resource = request.match_info.route.resource
    return resource.canonical.rstrip("/").format_map(request.match_info) if resource else ""


def _digest(path: str, filters: Mapping[str, tuple[str, ...]]) -> str:
    bound = msgspec.json.encode([path, sorted(filters.items())])
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
