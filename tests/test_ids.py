"""Ids of tickets, comments and messages."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.comments.comment import COMMENT_ID
from gateway.ids import new_id
from gateway.tickets.naming import TICKET_ID

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@given(st.lists(st.integers(min_value=0, max_value=10**13), min_size=2, unique=True))
def test_ids_sort_by_time_to_the_microsecond(microseconds: list[int]) -> None:
    moments = [NOON + timedelta(microseconds=one) for one in sorted(microseconds)]
    ids = [new_id("tk", moment) for moment in moments]
    assert ids == sorted(ids)


def test_ids_of_one_moment_differ_and_have_the_shape_of_their_kind() -> None:
    assert len({new_id("tk", NOON) for _ in range(1_000)}) == 1_000
    assert TICKET_ID.fullmatch(new_id("tk", NOON))
    assert COMMENT_ID.fullmatch(new_id("c", NOON))
