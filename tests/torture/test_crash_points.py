"""A process that ends at a point of its way, each in turn: nothing is lost, nothing is doubled."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from tests.programs import PATIENCE_SECONDS, eventually
from tests.torture.checker import Bounds
from tests.torture.crash_points import POINTS, STATUS
from tests.torture.history import History
from tests.torture.installation import PATIENT, installed
from tests.torture.run import settled
from tests.torture.workload import Workload

pytestmark = pytest.mark.acceptance

RATE = 60.0
MORE = 60
"""Requests answered after it was started again."""
COUNTED_TWICE = {"written", "synced", "absorbed", "before-commit"}
"""There Redis may have counted a batch that is read from the journal and counted again: in the
first two the journal's thread ends the process while the pipeline is anywhere.
"""


@pytest.mark.parametrize(
    ("point", "redis"),
    [(point, redis) for point in POINTS for redis in (False, True)],
    ids=lambda one: {True: "redis", False: "no-redis"}.get(one, one),
)
async def test_nothing_is_lost_and_nothing_doubled_when_a_process_ends(
    data_dir: Path, tmp_path: Path, point: str, redis: bool
) -> None:
    async with installed(data_dir.parent, with_redis=redis, answer_within=PATIENT) as target:
        with closing(History(tmp_path / "history.jsonl")) as history:
            crashing = target.nodes[0]
            await asyncio.to_thread(crashing.stop)
            crashing.variant = f"crash-{point}"
            await asyncio.to_thread(crashing.start)
            workload = Workload([node.url for node in target.nodes], 5, history, RATE)
            async with asyncio.TaskGroup() as group:
                group.create_task(workload.run())
                assert crashing.program is not None
                ended = await asyncio.to_thread(crashing.program.process.wait, PATIENCE_SECONDS)
                crashing.variant = "sound"
                await asyncio.to_thread(crashing.start)
                goal = len(history.answered) + MORE

                async def is_answered() -> bool:
                    return len(history.answered) >= goal

                await eventually(is_answered)
                workload.stopping = True
            assert ended == STATUS
            await eventually(target.drained)
            said = sum(len(sent.said) for sent in history.requests)
            spoilt = redis and point in COUNTED_TWICE
            bounds = Bounds(surplus=said // 4 if spoilt else 0)
            verdict = await settled(history, target.postgres.url, bounds, PATIENCE_SECONDS)
    assert verdict.violations == []
    assert verdict.missing == 0
