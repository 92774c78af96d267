"""A journal left behind is drained whatever is in it; a record that kills is set aside alone."""

from collections.abc import Sequence
from pathlib import Path

import orjson

from gateway.intake.journal import BEGUN_LIMIT, Record
from gateway.intake.recovery import drain_leftover
from tests.world import START, World

READ_BYTES = 1024 * 1024


class LeftBehind:
    """A leftover in memory, and how often its records were begun before."""

    id = "left"

    def __init__(self, bodies: Sequence[bytes], begun: dict[int, int]) -> None:
        self.records = [
            Record(seq, START, 1, "custom", body) for seq, body in enumerate(bodies, start=1)
        ]
        self.begun = begun
        self.last_seq = len(bodies)
        self.discarded = False
        self.open: int | None = None

    async def read(self, after: int, limit_bytes: int) -> Sequence[Record]:
        return [record for record in self.records if record.seq > after]

    async def trim(self, applied: int) -> None:
        pass

    async def begin(self, seq: int) -> int:
        assert self.open is None or seq == self.open
        self.open = seq
        return self.begun.get(seq, 0)

    async def end(self) -> None:
        self.open = None

    async def discard(self) -> None:
        self.discarded = True


def body(name: str) -> bytes:
    return orjson.dumps({"labels": {"alertname": name}})


async def test_a_leftover_is_applied_to_its_end_and_removed(database: str, tmp_path: Path) -> None:
    async with World(database) as world:
        left = LeftBehind([body(f"A{number}") for number in range(600)], {})
        await drain_leftover(world.pipeline, left, READ_BYTES)
        assert await world.occurrences() == 600
        assert left.discarded
        assert await world.rows("SELECT * FROM journal_progress WHERE journal_id = 'left'") == []


async def test_a_record_that_ended_the_process_too_often_is_a_dead_letter_alone(
    database: str,
) -> None:
    async with World(database) as world:
        left = LeftBehind([body("A"), body("B"), body("C")], {1: 1, 2: BEGUN_LIMIT})
        await drain_leftover(world.pipeline, left, READ_BYTES)
        letters = await world.rows("SELECT reason, raw FROM dead_letters")
        assert letters == [{"reason": "poison", "raw": body("B")}]
        assert await world.occurrences() == 2


async def test_a_record_begun_less_often_gets_another_chance(database: str) -> None:
    async with World(database) as world:
        left = LeftBehind([body("A"), body("B")], {1: BEGUN_LIMIT - 1})
        await drain_leftover(world.pipeline, left, READ_BYTES)
        assert await world.letters() == 0
        assert await world.occurrences() == 2


async def test_what_no_adapter_can_read_any_more_is_kept_as_a_dead_letter(database: str) -> None:
    async with World(database) as world:
        left = LeftBehind([b"not json", body("A")], {})
        await drain_leftover(world.pipeline, left, READ_BYTES)
        assert [one["raw"] for one in await world.rows("SELECT raw FROM dead_letters")] == [
            b"not json"
        ]
        assert await world.occurrences() == 1
