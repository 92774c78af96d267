"""One page of any list."""

from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from gateway.web.views.words import Next

Item = TypeVar("Item")
MAX_ITEMS = 500


class Page(Struct, Generic[Item], frozen=True, kw_only=True, gc=False):
    """One page of a list."""

    items: Annotated[list[Item], Meta(max_length=MAX_ITEMS)]
    next: Next
