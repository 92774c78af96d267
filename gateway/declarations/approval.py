"""An approval: who is asked, and how many must say yes."""

import re
from collections.abc import Sequence

import msgspec

from gateway.durations import parse_duration

_SEAT = re.compile(r"(user|group):([^\s:]{1,200})")
_ESCALATED = re.compile(r"escalate:group:[^\s:]{1,200}")
_GUARDED = re.compile(r"title|description|type|project|severity|impact|urgency|custom\.\w{1,200}")
WHO_MAY_NOT = ("requester", "assignee", "resolver", "submitter")


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As it was written."""

    name: str
    seats: tuple[str, ...]
    """`user:anna`, or `group:cab`: one seat that any member fills."""
    need: str | int = "any"
    """`any`, `all`, or how many."""
    not_: tuple[str, ...] = msgspec.field(default=("requester", "submitter"), name="not")
    """Who may reject and may not approve."""
    guards: tuple[str, ...] = ()
    """Fields that are locked meanwhile; empty: all content but priority, assignee and labels."""
    timeout: str = ""
    """A duration; empty: none."""
    on_timeout: str = "remind"

    @property
    def needed(self) -> int:
        """So many must say yes."""
        if self.need == "all":
            return len(self.seats)
        return 1 if self.need == "any" else int(self.need)


def check_seat(text: str) -> None:
    """Raises ValueError for what is nobody's seat."""
    if not _SEAT.fullmatch(text):
        raise ValueError(f'{text!r} is no seat: write "user:anna" or "group:cab"')


def check_seats(seats: Sequence[str]) -> None:
    """Somebody is asked, and nobody twice."""
    if not seats:
        raise ValueError("must not be empty: nobody would be asked")
    if len(set(seats)) < len(seats):
        raise ValueError("names a seat twice")


def check_need(need: object) -> None:
    """Raises ValueError for what says not how many."""
    is_count = isinstance(need, int) and not isinstance(need, bool) and need > 0
    if need not in ("any", "all") and not is_count:
        raise ValueError('must be "any", "all" or a number of seats')


def check_guarded(text: str) -> None:
    """Raises ValueError for what is no field of a ticket that can be locked."""
    if not _GUARDED.fullmatch(text):
        raise ValueError(f'{text!r} is no content of a ticket, such as "title" or "custom.plan"')


def check_timeout(text: str) -> None:
    """Raises ValueError for what is no duration; empty is none."""
    if text and not parse_duration(text):
        raise ValueError("must be longer than nothing")


def check_on_timeout(text: str) -> None:
    """Raises ValueError for what cannot be done then."""
    if text not in ("remind", "reject") and not _ESCALATED.fullmatch(text):
        raise ValueError('must be "remind", "reject" or "escalate:group:" with the name of a group')
