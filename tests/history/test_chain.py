"""The history chain: any change, removal, insertion or swap of rows, and a cut end, is found."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from gateway.history.chain import Chained, Entry, Head, chain, first_break, next_hash
from tests.alerts.identities import NOON, at

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ENTRIES = st.builds(
    Entry,
    kind=st.sampled_from(["ticket", "silence"]),
    object_id=TEXT,
    at=st.integers(min_value=0, max_value=10**12).map(lambda us: NOON + timedelta(microseconds=us)),
    actor=TEXT,
    field=TEXT,
    old=st.none() | TEXT,
    new=st.none() | TEXT,
    comment=TEXT,
)


def head(rows: Sequence[Chained]) -> bytes:
    return rows[-1].hash if rows else b""


def history(entries: list[Entry], unsalted: int) -> list[Chained]:
    """The first *unsalted* rows are those of an earlier release."""
    rows: list[Chained] = []
    for sequence, entry in enumerate(entries[:unsalted], start=1):
        rows.append(Chained(entry, sequence, next_hash(head(rows), sequence, entry)))
    return rows + chain(entries[unsalted:], Head(len(rows), head(rows)))


HISTORIES = st.builds(
    history, st.lists(ENTRIES, min_size=1, max_size=6), st.integers(min_value=0, max_value=6)
)


@given(HISTORIES)
def test_an_untouched_history_fits(rows: list[Chained]) -> None:
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    assert first_break(rows, head(rows)) is None


@given(HISTORIES, st.data())
def test_a_changed_salt_is_found_at_its_row(rows: list[Chained], data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    other = None if rows[index].salt else b"salt"
    changed = [*rows]
    changed[index] = replace(rows[index], salt=other)
    assert first_break(changed, head(rows)) == index + 1


def test_equal_entries_have_hashes_that_do_not_tell_it() -> None:
    entry = Entry("ticket", "tk_1", NOON, "system", "status", None, None)
    hashes = {chain([entry], Head())[0].hash for _ in range(9)}
    assert len(hashes) == 9


def test_no_history_fits_no_head_only() -> None:
    assert first_break([], b"") is None
    assert first_break([], b"something") == 1


@given(st.lists(ENTRIES, min_size=2, max_size=6), st.data())
def test_a_chain_may_be_written_in_parts(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(min_value=0, max_value=len(entries)))
    first = chain(entries[:cut], Head())
    whole = first + chain(entries[cut:], Head(len(first), head(first)))
    assert [row.entry for row in whole] == entries
    assert first_break(whole, head(whole)) is None


@given(HISTORIES, st.data())
def test_a_changed_field_is_found_at_its_row(rows: list[Chained], data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    name = data.draw(st.sampled_from([each.name for each in fields(Entry)]))
    entry = rows[index].entry
    other = getattr(data.draw(ENTRIES), name)
    assume(other != getattr(entry, name))
    changed = [*rows]
    changed[index] = replace(rows[index], entry=replace(entry, **{name: other}))
    assert first_break(changed, head(rows)) == index + 1


@given(HISTORIES, st.data())
def test_a_changed_row_with_a_hash_to_match_is_found_at_the_next(
    rows: list[Chained], data: st.DataObject
) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    entry = replace(rows[index].entry, comment=rows[index].entry.comment + "!")
    before = rows[index - 1].hash if index else b""
    forged = [*rows]
    forged[index] = Chained(entry, index + 1, next_hash(before, index + 1, entry))
    assert first_break(forged, head(rows)) == index + 2


@given(HISTORIES, st.data())
def test_a_removed_row_is_found(rows: list[Chained], data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    left = rows[:index] + rows[index + 1 :]
    assert first_break(left, head(rows)) == index + 1


@given(HISTORIES, st.data())
def test_a_removed_row_is_found_even_if_the_rest_is_renumbered(
    rows: list[Chained], data: st.DataObject
) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    left = rows[:index] + [replace(row, sequence=row.sequence - 1) for row in rows[index + 1 :]]
    assert first_break(left, head(rows)) == index + 1


@given(HISTORIES, ENTRIES, st.data())
def test_an_inserted_row_is_found(rows: list[Chained], entry: Entry, data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=len(rows)))
    before = rows[index - 1].hash if index else b""
    inserted = Chained(entry, index + 1, next_hash(before, index + 1, entry))
    later = [replace(row, sequence=row.sequence + 1) for row in rows[index:]]
    assert first_break([*rows[:index], inserted, *later], head(rows)) is not None


@given(HISTORIES, st.data())
def test_a_cut_end_is_found(rows: list[Chained], data: st.DataObject) -> None:
    left = data.draw(st.integers(min_value=0, max_value=len(rows) - 1))
    assert first_break(rows[:left], head(rows)) == left + 1


@given(HISTORIES)
def test_swapped_rows_are_found(rows: list[Chained]) -> None:
    assume(len(rows) > 1)
    assert first_break([rows[1], rows[0], *rows[2:]], head(rows)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [({"old": None}, {"old": ""}), ({"old": "ab", "new": "c"}, {"old": "a", "new": "bc"})],
)
def test_neighbouring_fields_never_run_into_each_other(
    one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    entry = Entry("ticket", "tk_1", NOON, "system", "status", None, None)
    assert next_hash(b"", 1, replace(entry, **one)) != next_hash(b"", 1, replace(entry, **other))


@given(st.integers(min_value=0, max_value=999_999), st.integers(min_value=-12, max_value=12))
def test_a_moment_counts_whatever_its_time_zone_and_to_the_microsecond(us: int, hours: int) -> None:
    moment = at(0) + timedelta(microseconds=us)

    def hashed(time: datetime) -> bytes:
        return next_hash(b"", 1, Entry("ticket", "tk_1", time, "system", "status", None, None))

    assert hashed(moment.astimezone(timezone(timedelta(hours=hours)))) == hashed(moment)
    assert hashed(moment + timedelta(microseconds=1)) != hashed(moment)
