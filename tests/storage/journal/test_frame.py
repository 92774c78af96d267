"""Frames: what was packed is read, what is not whole is none, and every place is found again."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.storage.journal.committer import Pending
from gateway.storage.journal.frame import HEAD_BYTES, Frame, pack, read_frame, read_head
from gateway.storage.journal.segment import BLOCK_BYTES, DamagedSegmentError, Header, Segment
from tests.storage.journal.journals import NOON

MARK = 0x0123456789ABCDEF
ENTRIES = st.builds(
    lambda received_us, tenant, source, body, letter: entry(
        body, received_us, tenant, source, letter
    ),
    st.integers(0, 2**57),
    st.integers(0, 2**62),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=300),
    st.binary(max_size=16),
)
GROUPS = st.lists(ENTRIES, min_size=1, max_size=6)


def entry(
    body: bytes,
    received_us: int = 0,
    tenant: int = 1,
    source: str = "custom",
    letter: bytes = b"",
) -> Pending:
    return Pending(NOON, received_us, tenant, source, body, None, None, letter)  # type: ignore[arg-type]


def frame_in(data: bytes, mark: int = MARK) -> Frame | None:
    head = read_head(mark, data[:HEAD_BYTES])
    return head and read_frame(head, data[HEAD_BYTES : head.frame_bytes])


@given(first_seq=st.integers(1, 2**62), group=GROUPS)
def test_what_was_packed_is_read(first_seq: int, group: list[Pending]) -> None:
    data = b"".join(pack(MARK, first_seq, group))
    frame = frame_in(data + b"what follows")
    assert frame is not None
    assert frame.bytes == len(data)
    assert frame.last_seq == first_seq + len(group) - 1
    assert [record.seq for record in frame.records()] == [first_seq + n for n in range(len(group))]
    assert [(one.tenant, one.source, one.body, one.letter) for one in frame.records()] == [
        (one.tenant, one.source, one.body, one.letter) for one in group
    ]
    assert [row[0] for row in frame.rows] == [one.received_us for one in group]


@given(group=GROUPS, share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_frame_with_a_bit_flipped_or_its_end_cut_is_none(
    group: list[Pending], share: float, bit: int
) -> None:
    data = b"".join(pack(MARK, 1, group))
    at = int(share * len(data))
    assert frame_in(data[:at]) is None
    flipped = bytearray(data)
    flipped[at] ^= 1 << bit
    assert frame_in(bytes(flipped)) is None


@given(group=GROUPS)
def test_a_frame_of_another_segment_is_none(group: list[Pending]) -> None:
    assert frame_in(b"".join(pack(MARK + 1, 1, group))) is None


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.sampled_from([0, 10, 3_000, 40_000, 70_000]), min_size=1, max_size=30),
    after=st.integers(0, 40),
    damaged=st.sets(st.integers(0, 29), max_size=3),
)
def test_whatever_is_damaged_the_others_are_read_from_every_place(
    sizes: list[int], after: int, damaged: set[int]
) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "segment"
        segment = Segment.create(path, Header("a" * 32, 1, 1, 0))
        begins = []
        for seq, size in enumerate(sizes, 1):
            begins.append(segment.bytes)
            segment.insert(seq, [entry(b"x" * size)])
        with path.open("r+b") as file:
            for index in damaged:
                if index < len(begins):
                    file.seek(begins[index] + HEAD_BYTES - 1)
                    last = file.read(1)[0]
                    file.seek(-1, 1)
                    file.write(bytes([last ^ 0xFF]))
        whole = [seq for seq in range(1, len(sizes) + 1) if seq - 1 not in damaged]
        opened = Segment.open(path)
        assert opened is not None
        for one in (segment, opened):
            found = one.read(after, 2**30)
            assert [record.seq for record in found] == [seq for seq in whole if seq > after]
            assert [len(record.body) for record in found] == [
                sizes[seq - 1] for seq in whole if seq > after
            ]
            extent = one.extent(after)
            assert (extent.records, extent.body_bytes) == (
                len(found),
                sum(len(record.body) for record in found),
            )
            one.close()
        # The last ones may never have been answered, and then they are not missed.
        answered = set(range(len(sizes))) - damaged
        assert bool(opened.damage) == any(index < max(answered, default=0) for index in damaged)


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES])
def test_a_file_that_holds_nothing_yet_is_no_segment(tmp_path: Path, size: int) -> None:
    path = tmp_path / "segment"
    path.write_bytes(bytes(size))
    assert Segment.open(path) is None


def test_a_file_that_does_not_say_whose_it_is_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "segment"
    path.write_bytes(bytes(BLOCK_BYTES + 1))
    with pytest.raises(DamagedSegmentError):
        Segment.open(path)
