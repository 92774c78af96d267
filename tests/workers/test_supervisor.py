"""The supervisor: what the end of a turn means, what a wake does, and how it all stops."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.backoff import BackOff
from gateway.errors import Unavailable
from gateway.metrics import Metrics
from gateway.workers.supervisor import Supervisor, Worker
from tests.programs import PATIENCE_SECONDS

LONG_SECONDS = 3600.0
AT_ONCE = BackOff(first_seconds=0.0, longest_seconds=0.0)
NEVER_AGAIN = BackOff(first_seconds=LONG_SECONDS, longest_seconds=LONG_SECONDS)


@dataclass
class Turns:
    """A turn that does what a script says, one entry a turn, then has nothing more to do."""

    script: list[Callable[[], bool] | BaseException | bool] = field(default_factory=list)
    taken: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> bool:
        self.taken += 1
        if not self.script:
            self.idle.set()
            return False
        step = self.script.pop(0)
        if isinstance(step, BaseException):
            raise step
        return step if isinstance(step, bool) else step()


def counted(metrics: Metrics, name: str, worker: str = "w") -> float | None:
    return metrics.registry.get_sample_value(f"gateway_{name}", {"worker": worker})


async def soon(event: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await event.wait()


def events(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The events that the supervisor logged, as they were given."""
    return [r.msg for r in caplog.records if isinstance(r.msg, dict)]


async def test_while_there_is_more_turns_follow_without_a_pause(metrics: Metrics) -> None:
    turns = Turns([True] * 50)
    async with Supervisor([Worker("w", turns, LONG_SECONDS)], metrics):
        await soon(turns.idle)
    assert turns.taken == 51
    assert counted(metrics, "worker_turns_total") == 51


async def test_a_worker_with_endless_work_lets_others_run(metrics: Metrics) -> None:
    async def endless() -> bool:
        return True

    turns = Turns()
    workers = [Worker("greedy", endless, 0.0), Worker("w", turns, LONG_SECONDS)]
    async with Supervisor(workers, metrics):
        await soon(turns.idle)


async def test_a_turn_follows_after_the_pause(metrics: Metrics) -> None:
    turns = Turns([False, False, False])
    async with Supervisor([Worker("w", turns, 0.001)], metrics):
        await soon(turns.idle)


async def test_a_wake_skips_the_pause(metrics: Metrics) -> None:
    resting = asyncio.Event()

    def first() -> bool:
        resting.set()
        return False

    turns = Turns([first])
    worker = Worker("w", turns, LONG_SECONDS)
    async with Supervisor([worker], metrics):
        await soon(resting)
        worker.wake()
        await soon(turns.idle)


async def test_a_wake_during_a_turn_brings_one_more_turn(metrics: Metrics) -> None:
    turns = Turns()

    def woken_meanwhile() -> bool:
        worker.wake()
        return False

    turns.script.append(woken_meanwhile)
    worker = Worker("w", turns, LONG_SECONDS)
    async with Supervisor([worker], metrics):
        await soon(turns.idle)
    assert turns.taken == 2


async def test_many_wakes_before_a_turn_are_one(metrics: Metrics) -> None:
    turns = Turns()
    worker = Worker("w", turns, LONG_SECONDS)
    for _ in range(5):
        worker.wake()
    async with Supervisor([worker], metrics):
        await soon(turns.idle)
    assert turns.taken == 1


@pytest.mark.parametrize(
    "outage", [Unavailable("away"), ConnectionResetError(104, "reset"), TimeoutError()]
)
async def test_an_outage_is_waited_out_with_one_line_each_way(
    metrics: Metrics, caplog: pytest.LogCaptureFixture, outage: Exception
) -> None:
    caplog.set_level(logging.INFO)
    turns = Turns([outage, outage, outage])
    async with Supervisor([Worker("w", turns, LONG_SECONDS)], metrics, back_off=AT_ONCE):
        await soon(turns.idle)
    assert [event["event"] for event in events(caplog)] == ["worker waits", "worker goes on"]
    assert counted(metrics, "worker_failures_total") == 0
    assert counted(metrics, "worker_turns_total") == 4


async def test_a_wake_does_not_hasten_a_worker_that_waits_out_an_outage(metrics: Metrics) -> None:
    failed = asyncio.Event()

    async def away() -> bool:
        if failed.is_set():
            raise AssertionError("a second turn")
        failed.set()
        raise Unavailable("away")

    other = Turns([True] * 20)
    worker = Worker("w", away, LONG_SECONDS)
    async with Supervisor(
        [worker, Worker("other", other, LONG_SECONDS)], metrics, back_off=NEVER_AGAIN
    ):
        await soon(failed)
        worker.wake()
        await soon(other.idle)
    assert counted(metrics, "worker_turns_total") == 1


async def test_a_bug_is_logged_with_its_traceback_counted_and_tried_again(
    metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    bug = ZeroDivisionError("a bug")
    turns = Turns([bug, bug])
    async with Supervisor([Worker("w", turns, LONG_SECONDS)], metrics, back_off=AT_ONCE):
        await soon(turns.idle)
    logged = events(caplog)
    assert [event["event"] for event in logged] == ["worker failed", "worker failed"]
    assert all(event["exc_info"] is bug and event["worker"] == "w" for event in logged)
    assert counted(metrics, "worker_failures_total") == 2


async def test_a_cancellation_that_leaks_out_of_a_turn_does_not_end_the_worker(
    metrics: Metrics,
) -> None:
    turns = Turns([asyncio.CancelledError()])
    async with Supervisor([Worker("w", turns, LONG_SECONDS)], metrics, back_off=AT_ONCE):
        await soon(turns.idle)
    assert counted(metrics, "worker_failures_total") == 1


async def test_a_bug_of_one_worker_does_not_stop_another(metrics: Metrics) -> None:
    broken, sound = Turns([KeyError("x")] * 3), Turns([True] * 10)
    workers = [Worker("broken", broken, LONG_SECONDS), Worker("w", sound, LONG_SECONDS)]
    async with Supervisor(workers, metrics, back_off=NEVER_AGAIN):
        await soon(sound.idle)
    assert broken.taken == 1
    assert sound.taken == 11


async def test_a_worker_whose_task_is_ended_from_outside_is_missed(
    metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    turns = Turns()
    async with Supervisor([Worker("w", turns, LONG_SECONDS)], metrics):
        await soon(turns.idle)
        [task] = [task for task in asyncio.all_tasks() if task.get_name() == "worker w"]
        task.cancel()
        await asyncio.wait([task])
    assert [event["event"] for event in events(caplog)] == ["worker ended"]


async def test_a_stop_lets_the_running_turn_finish_and_begins_no_other(metrics: Metrics) -> None:
    running, stopping, finished = asyncio.Event(), asyncio.Event(), 0

    async def slow() -> bool:
        nonlocal finished
        running.set()
        await stopping.wait()
        finished += 1
        return True

    async with Supervisor([Worker("w", slow, 0.0)], metrics):
        await soon(running)
        asyncio.get_running_loop().call_soon(stopping.set)  # runs once the exit waits
    assert finished == 1


async def test_a_stop_ends_pauses_and_waits_at_once(metrics: Metrics) -> None:
    resting, waiting = Turns(), Turns([Unavailable("away")])
    workers = [Worker("w", resting, LONG_SECONDS), Worker("away", waiting, LONG_SECONDS)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with Supervisor(workers, metrics, LONG_SECONDS, NEVER_AGAIN):
            await soon(resting.idle)
    assert (resting.taken, waiting.taken) == (1, 1)


async def test_a_turn_that_outlasts_the_grace_is_cancelled(metrics: Metrics) -> None:
    running, cancelled = asyncio.Event(), asyncio.Event()

    async def stuck() -> bool:
        running.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return False

    async with Supervisor([Worker("w", stuck, 0.0)], metrics, grace_seconds=0.01):
        await soon(running)
    assert cancelled.is_set()


async def test_a_turn_that_heeds_no_cancellation_is_left_behind(
    metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    running, let_go, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def deaf() -> bool:
        running.set()
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue
        gone.set()
        return False

    async with Supervisor([Worker("w", deaf, 0.0)], metrics, grace_seconds=0.01):
        await soon(running)
    assert [event["event"] for event in events(caplog)] == ["worker left behind"]
    let_go.set()
    await soon(gone)


async def test_an_error_of_the_program_passes_through_unchanged(metrics: Metrics) -> None:
    turns = Turns()
    with pytest.raises(LookupError, match="of the program"):
        async with Supervisor([Worker("w", turns, LONG_SECONDS)], metrics):
            await soon(turns.idle)
            raise LookupError("of the program")
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "worker w"]


async def test_a_supervisor_without_workers_starts_and_stops(metrics: Metrics) -> None:
    async with Supervisor([], metrics):
        pass


@given(st.integers(min_value=1, max_value=10_000), st.floats(0, 1, exclude_max=True))
def test_waits_double_up_to_a_bound_and_jitter_takes_half_at_most(
    failures: int, jitter: float
) -> None:
    back_off = BackOff(first_seconds=0.5, longest_seconds=10.0)
    full = back_off.wait_seconds(failures, 0.0)
    assert full == min(0.5 * 2 ** min(failures - 1, 10), 10.0)
    assert full / 2 <= back_off.wait_seconds(failures, jitter) <= full
