"""One run: start, load, faults, heal, drain, verdict."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from tests.programs import eventually
from tests.torture.checker import Bounds, Verdict, audited, judge, read
from tests.torture.faults import IN_WINDOWS, Nemesis, kill_in_windows, kinds
from tests.torture.history import History
from tests.torture.installation import ANSWER_WITHIN, FLUSH_SECONDS, PATIENT, installed
from tests.torture.workload import Workload

HARMLESS = frozenset(
    {"clock of a gateway steps", "LOCK TABLE strands", "disk of a journal full", "SCRIPT FLUSH"}
)
"""Faults after which no count may be off, with Redis neither."""
ERASING = frozenset({"FLUSHALL", "kill -9 of Redis, back empty"})
"""Only these take away what was held; any other may count a batch twice."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do. *only*: these kinds of faults, or all."""

    seed: int
    seconds: float
    redis: bool = True
    variant: str = "sound"
    rate: float = 150.0
    pause_seconds: float = 0.8
    only: Collection[str] = ()
    least_faults: int = 1
    least_alerts: int = 0
    """Answered. It goes on until *seconds* are over, too."""
    settle_seconds: float = 90.0
    """For what Redis holds and what is silenced; a violation that is left then is one."""


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    plan: Plan
    verdict: Verdict
    faults: Counter[str]
    latencies: list[float]
    statuses: Counter[int | None]
    drained_seconds: float
    bounds: Bounds


async def torture(
    plan: Plan, say: Callable[[str], None] = lambda _: None, parent: Path | None = None
) -> Outcome:
    """In a directory of its own in *parent*. Raises only if the run itself cannot be done."""
    with ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="torture-", dir=parent)
        directory = Path(stack.enter_context(made))
        directory.chmod(0o711)  # noqa: ASYNC240
        heard = PATIENT if plan.only else ANSWER_WITHIN
        async with installed(
            directory, with_redis=plan.redis, variant=plan.variant, answer_within=heard
        ) as target:
            history = stack.enter_context(closing(History(directory / "history.jsonl")))
            workload = Workload([node.url for node in target.nodes], plan.seed, history, plan.rate)
            found = {IN_WINDOWS: kill_in_windows, **kinds(target)} if plan.only else kinds(target)
            chosen = {one: found[one] for one in plan.only} if plan.only else found
            enough = partial(is_enough, plan, history, perf_counter())
            nemesis = Nemesis(target, plan.seed, chosen, enough, plan.pause_seconds, say=say)
            async with asyncio.TaskGroup() as group:
                group.create_task(workload.run())
                await nemesis.run()
                target.heal()
                workload.stopping = True
            say(f"Healed; {len(history.requests)} requests were sent. Draining ...")
            started = perf_counter()
            await eventually(target.drained)
            drained_seconds = perf_counter() - started
            bounds = bounds_of(plan, nemesis.done, history)
            verdict = await settled(history, target.postgres.url, bounds, plan.settle_seconds)
            verdict.violations += await audited(target.postgres.url)
            statuses = Counter(sent.status for sent in history.requests)
            return Outcome(
                plan, verdict, nemesis.done, history.latencies(), statuses, drained_seconds, bounds
            )


def is_enough(plan: Plan, history: History, began: float, done: Counter[str]) -> bool:
    """However long that takes on a busy machine."""
    answered = sum(len(sent.said) for sent in history.answered)
    met = done.total() >= plan.least_faults and answered >= plan.least_alerts
    return met and perf_counter() - began >= plan.seconds


def bounds_of(plan: Plan, faults: Counter[str], history: History) -> Bounds:
    """Without Redis counts are exact. With it, a fault can spoil what was sighted in a flush
    interval and a batch before it; one of a gateway or of PostgreSQL only counts something twice.
    """
    if not plan.redis:
        return Bounds()
    sightings = sum(len(sent.said) for sent in history.requests)
    a_second = sightings / max(1.0, history.requests[-1].at)
    spoilt = int(a_second * (FLUSH_SECONDS + 1))
    harmful = sum(count for name, count in faults.items() if name not in HARMLESS)
    erasing = sum(count for name, count in faults.items() if name in ERASING)
    return Bounds(missing=erasing * spoilt, surplus=harmful * spoilt)


async def settled(
    history: History, database: str, bounds: Bounds, within_seconds: float
) -> Verdict:
    """What Redis holds is credited within two flush intervals, silences end: look until there is
    nothing to say any more, or time is up. What is off within the bounds then stays so.
    """
    began = perf_counter()
    while True:
        verdict = judge(history, await read(database), bounds)
        passed = perf_counter() - began
        if not verdict.violations and (not verdict.missing or passed > 4 * FLUSH_SECONDS):
            return verdict
        if passed > within_seconds:
            return verdict
        await asyncio.sleep(0.5)
