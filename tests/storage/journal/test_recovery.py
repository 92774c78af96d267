"""Notes against records that kill: what they remember, and what they forget."""

from pathlib import Path

from gateway.storage.journal.recovery import RecoveryNotes
from tests.storage.journal.journals import no_file_beyond

JOURNAL = "0123456789abcdef"
OTHER = "fedcba9876543210"


def test_each_begin_without_an_end_is_a_kill(tmp_path: Path) -> None:
    assert [RecoveryNotes(tmp_path).begin(JOURNAL, 7) for _ in range(4)] == [0, 1, 2, 3]
    assert RecoveryNotes(tmp_path).kills(JOURNAL, 7) == 4


def test_an_end_clears_the_record(tmp_path: Path) -> None:
    notes = RecoveryNotes(tmp_path)
    notes.begin(JOURNAL, 7)
    notes.end(JOURNAL)
    notes.end(JOURNAL)
    assert notes.begin(JOURNAL, 7) == 0


def test_another_record_starts_from_nothing(tmp_path: Path) -> None:
    notes = RecoveryNotes(tmp_path)
    notes.begin(JOURNAL, 7)
    assert notes.begin(JOURNAL, 8) == 0
    assert notes.kills(JOURNAL, 7) == 0


def test_journals_do_not_know_each_others_records(tmp_path: Path) -> None:
    notes = RecoveryNotes(tmp_path)
    notes.begin(JOURNAL, 7)
    assert notes.begin(OTHER, 7) == 0
    notes.end(OTHER)
    assert notes.kills(JOURNAL, 7) == 1


def test_a_note_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    notes = RecoveryNotes(tmp_path)
    notes.begin(JOURNAL, 7)
    (note,) = tmp_path.iterdir()
    note.write_bytes(b'{"seq": 7, "beg')
    assert notes.begin(JOURNAL, 7) == 0


def test_a_full_disk_stops_no_draining(tmp_path: Path) -> None:
    notes = RecoveryNotes(tmp_path)
    notes.begin(JOURNAL, 7)
    with no_file_beyond(0):
        assert notes.begin(JOURNAL, 7) == 1
        assert notes.begin(JOURNAL, 7) == 1
    assert notes.begin(JOURNAL, 7) == 1
    assert notes.begin(JOURNAL, 7) == 2


def test_notes_of_journals_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    notes = RecoveryNotes(tmp_path)
    notes.begin(JOURNAL, 7)
    notes.begin(OTHER, 7)
    notes.forget_others({OTHER})
    assert (notes.kills(JOURNAL, 7), notes.kills(OTHER, 7)) == (0, 1)
