"""With Redis everything comes out as without: states and tickets always, counts unless it fails."""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from gateway.alerts.memory import Confirmed
from gateway.alerts.sighting import Sighting
from gateway.effects.repeats import Asked, Held, ReportKey
from gateway.intake.absorber import Absorbed, Absorber, Confirmation, NothingHeld
from gateway.intake.batch.memory import forget
from gateway.storage.redis.absorber import RedisAbsorber
from gateway.storage.redis.breaker import Breaker
from tests.storage.redis.clocks import PATIENT, Steady
from tests.storage.redis.meanwhile import Meanwhile, Others
from tests.world import World, at, firing, resolved

PROCESSES = 3
FLUSHED = timedelta(days=1)
STATES = """
SELECT labels - 'run' AS labels, firing, expired, silenced, fired_at, resolved_at, unstarted_at,
       last_resolve_at, started_at, severity,
       CASE WHEN firing THEN last_firing_at END AS last_firing_at,
       CASE WHEN firing THEN lease_until END AS lease_until
FROM strands WHERE labels ->> 'run' = $1 ORDER BY 1
"""
"""The last two are those of what stands, so nobody asks for them once nothing does."""
COUNTS = """
SELECT labels - 'run' AS labels, occurrences, first_seen, last_seen
FROM strands WHERE labels ->> 'run' = $1 ORDER BY 1
"""
ALERTS = """
SELECT labels - 'run' AS labels, status, silenced, unconfirmed, episodes, starts_at, ends_at,
       (SELECT status FROM tickets WHERE id = ticket_id) AS ticket
FROM alerts WHERE labels ->> 'run' = $1 ORDER BY 1
"""
REPORTS = """
SELECT reports.source, reports.last_seen, labels - 'run' AS labels,
       CASE WHEN firing THEN reports.lease_until END AS lease_until
FROM reports JOIN strands USING (tenant_id, strand) WHERE labels ->> 'run' = $1 ORDER BY 3, 1
"""
WHAT_FIRES = """
SELECT labels - 'run' AS labels, firing, fired_at, resolved_at
FROM strands WHERE labels ->> 'run' = $1 ORDER BY 1
"""
WHAT_STANDS = """
SELECT labels - 'run' AS labels, firing, fired_at, resolved_at, unstarted_at, last_resolve_at,
       CASE WHEN firing THEN last_firing_at END AS last_firing_at,
       CASE WHEN firing THEN lease_until END AS lease_until
FROM strands WHERE labels ->> 'run' = $1 ORDER BY 1
"""
"""Of firings that name no start and are held beside a resolve, the last one's receipt is known: the
start is up to a flush interval later than without Redis.
"""
WHO_IS_HEARD = """
SELECT labels - 'run' AS labels, status,
       EXISTS (SELECT FROM tickets WHERE id = ticket_id AND status = 'open') AS has_live_ticket
FROM alerts WHERE labels ->> 'run' = $1 ORDER BY 1
"""
"""What is held comes in another order: which tickets there were meanwhile is another matter."""
LIVE_TICKETS = """
SELECT labels - 'run' AS labels, status,
       (SELECT status FROM tickets WHERE id = ticket_id) AS ticket
FROM alerts WHERE labels ->> 'run' = $1 ORDER BY 1
"""


@dataclass(frozen=True)
class Said:
    """One record: what a process receives, so many seconds after the one before."""

    process: int
    seconds: int
    source: str
    name: str
    kind: str
    began: float | None
    times: int

    def sightings(self, run: str, now: float) -> list[Sighting]:
        if self.kind == "resolved":
            return [resolved(self.name, ended=now, began=self.began or 0, run=run)] * self.times
        if self.kind == "resolved before":
            return [resolved(self.name, ended=now - 1, began=0, run=run)] * self.times
        lease = now + 5 if self.kind == "leased" else None
        return [firing(self.name, began=self.began, lease=lease, run=run)] * self.times


@dataclass(frozen=True)
class Turn:
    """One record, and those of other processes while its own stands between two steps."""

    said: Said
    before_commit: Sequence[Said]
    before_confirm: Sequence[Said]


SAID = st.builds(
    Said,
    process=st.integers(0, PROCESSES - 1),
    seconds=st.sampled_from([0, 1, 5, 20, 61, 1000]),
    source=st.sampled_from(["custom", "custom", "prometheus"]),
    name=st.sampled_from(["Cpu", "Cpu", "Disk"]),
    kind=st.sampled_from(["firing"] * 5 + ["leased", "leased", "resolved", "resolved before"]),
    began=st.sampled_from([0, 0, 0, 0, 10, None]),
    times=st.integers(1, 3),
)
SAYINGS = st.lists(SAID, max_size=25)
OF_FEW = st.builds(
    Said,
    process=st.integers(0, 1),
    seconds=st.sampled_from([0, 1, 1, 5, 61]),
    source=st.sampled_from(["custom", "custom", "prometheus"]),
    name=st.just("Cpu"),
    kind=st.sampled_from(["firing", "firing", "firing", "resolved", "resolved before"]),
    began=st.sampled_from([0, None, None]),
    times=st.integers(1, 2),
)
MEANWHILE = st.lists(OF_FEW, max_size=2)
TURNS = st.lists(st.builds(Turn, OF_FEW, MEANWHILE, MEANWHILE), min_size=1, max_size=8)
KNOWN_TO_BOTH = [
    Turn(Said(process, 1, "custom", "Cpu", "firing", None, 1), (), ()) for process in (0, 1)
]


class Universe:
    """Several processes of one installation; all alerts in it carry the same run."""

    def __init__(
        self, worlds: Sequence[World], redis: Redis | None = None, erased: Set[int] = frozenset()
    ) -> None:
        """*redis* is erased before the records of these numbers."""
        self.run = uuid4().hex
        self.worlds = worlds
        self.held = 0
        self._redis, self._erased = redis, erased
        self._number = 0

    async def hear(self, said: Said, minutes: float) -> None:
        if self._redis is not None and self._number in self._erased:
            await self._redis.flushall()
        self._number += 1
        world = self.worlds[said.process]
        world.now = at(minutes)
        record = world.record(said.sightings(self.run, minutes), said.source)
        while True:
            try:
                await world.apply(record)
            except Crashed:
                forget([record], None)  # it starts anew and reads its journal
            else:
                break
        self.held += sum(applied.held for applied in world.applied)

    async def flush(self, now: datetime) -> None:
        world = self.worlds[0]
        world.now = now + FLUSHED
        while await world.flush.turn():
            pass

    async def seen(self, query: str) -> list[dict[str, Any]]:
        return await self.worlds[0].rows(query, self.run)


@dataclass
class Unreliable:
    """The real absorber behind a bad line; also what becomes of a process that it stands for."""

    absorber: RedisAbsorber
    draw: random.Random
    late: list[tuple[Any, ...]] = field(default_factory=list)

    async def recall(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Confirmed]:
        return {} if self.draw.random() < 0.2 else await self.absorber.recall(keys)

    async def absorb(self, asked: Mapping[ReportKey, Asked]) -> Absorbed:
        fate = self.draw.random()
        if fate < 0.1:  # never sent
            return Absorbed()
        answer = await self.absorber.absorb(asked)
        if fate < 0.2:  # sent twice
            await self.absorber.absorb(asked)
        if 0.2 <= fate < 0.3:  # the answer is lost
            return Absorbed()
        if 0.3 <= fate < 0.35:
            raise Crashed
        return answer

    async def confirm(self, confirmations: Mapping[ReportKey, Confirmation]) -> None:
        await self._told(self.absorber.confirm, confirmations)

    async def void(self, versions: Mapping[ReportKey, int]) -> None:
        await self._told(self.absorber.void, versions)

    async def _told(self, call: Any, what: Any) -> None:
        fate = self.draw.random()
        if fate < 0.5:
            await call(what)
        if 0.4 <= fate < 0.7:  # late, or a second time
            self.late.append((call, what))
        while self.late and self.draw.random() < 0.2:
            late, words = self.late.pop(self.draw.randrange(len(self.late)))
            await late(words)

    async def held(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Held]:
        return await self.absorber.held(keys)

    async def due(self, tenant: int, now: datetime) -> tuple[Mapping[ReportKey, Held], bool]:
        return await self.absorber.due(tenant, now)


class Crashed(Exception):
    """A process ends between the absorber and the ledger."""


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One loop for all examples: opening worlds takes most of the time."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as one:
        yield one


@pytest.fixture
def opened(runner: asyncio.Runner) -> Iterator[AsyncExitStack]:
    stack = AsyncExitStack()
    yield stack
    runner.run(stack.aclose())


async def processes(
    stack: AsyncExitStack, database: str, absorbers: Sequence[Absorber | None]
) -> list[World]:
    return [
        await stack.enter_async_context(World(database, journal=uuid4().hex, absorber=absorber))
        for absorber in absorbers
    ]


async def live_in(universes: Sequence[Universe], sayings: Sequence[Said]) -> None:
    minutes = 60.0
    for said in sayings:
        minutes += said.seconds / 60
        for universe in universes:
            await universe.hear(said, minutes)
    for universe in universes:
        await universe.flush(at(minutes))


class Taking:
    """Turns in a universe whose absorbers are all `Meanwhile`."""

    def __init__(self, universe: Universe) -> None:
        self._universe = universe
        self._minutes = 60.0

    async def take(self, turn: Turn) -> None:
        absorber = self._universe.worlds[turn.said.process].absorber
        assert isinstance(absorber, Meanwhile)
        absorber.before_commit = self._others(turn, turn.before_commit)
        absorber.before_confirm = self._others(turn, turn.before_confirm)
        await self._hear(turn.said)

    async def end(self) -> None:
        await self._universe.flush(at(self._minutes))

    async def _hear(self, said: Said) -> None:
        self._minutes += said.seconds / 60
        await self._universe.hear(said, self._minutes)

    def _others(self, turn: Turn, sayings: Sequence[Said]) -> Others:
        async def hear() -> None:
            for said in sayings:
                if said.process != turn.said.process:
                    await self._hear(said)

        return hear


def test_states_tickets_and_counts_are_those_without_redis(
    database: str, redis_url: str, runner: asyncio.Runner, opened: AsyncExitStack
) -> None:
    redis = runner.run(opened.enter_async_context(Redis.from_url(redis_url, protocol=2)))
    quiet = runner.run(processes(opened, database, [absorber_on(redis) for _ in range(PROCESSES)]))
    plain = runner.run(processes(opened, database, [None] * PROCESSES))
    held = 0

    @settings(max_examples=60, deadline=None)
    @given(sayings=SAYINGS)
    def law(sayings: list[Said]) -> None:
        async def compare() -> None:
            nonlocal held
            await redis.flushall()
            one, other = Universe(quiet), Universe(plain)
            await live_in([one, other], sayings)
            held += one.held
            for query in (STATES, ALERTS, COUNTS, REPORTS):
                assert await one.seen(query) == await other.seen(query)

        runner.run(compare())

    law()
    assert held > 0, "nothing was ever held back"


def test_states_and_tickets_are_those_without_redis_whatever_fails(
    database: str, redis_url: str, runner: asyncio.Runner, opened: AsyncExitStack
) -> None:
    """Calls that are lost, late or come twice, processes that crash, a Redis that is erased."""
    redis = runner.run(opened.enter_async_context(Redis.from_url(redis_url, protocol=2)))
    lines = [Unreliable(absorber_on(redis), random.Random()) for _ in range(PROCESSES)]
    quiet = runner.run(processes(opened, database, lines))
    plain = runner.run(processes(opened, database, [None] * PROCESSES))

    @settings(max_examples=60, deadline=None)
    @given(sayings=SAYINGS, seed=st.integers(0, 2**32), erased=st.sets(st.integers(0, 24)))
    def law(sayings: list[Said], seed: int, erased: set[int]) -> None:
        async def compare() -> None:
            await redis.flushall()
            for number, line in enumerate(lines):
                line.draw.seed(seed + number)
                line.late.clear()
            one, other = Universe(quiet, redis, erased), Universe(plain)
            await live_in([one, other], sayings)
            for query in (WHAT_FIRES, LIVE_TICKETS):
                assert await one.seen(query) == await other.seen(query)

        runner.run(compare())

    law()


def test_what_is_held_between_the_steps_of_another_process_comes_out_as_without_redis(
    database: str, redis_url: str, runner: asyncio.Runner, opened: AsyncExitStack
) -> None:
    redis = runner.run(opened.enter_async_context(Redis.from_url(redis_url, protocol=2)))
    lines = [Meanwhile(absorber_on(redis)) for _ in range(2)]
    quiet = runner.run(processes(opened, database, lines))
    plain = runner.run(processes(opened, database, [Meanwhile(NothingHeld()) for _ in range(2)]))

    @settings(max_examples=60, deadline=None)
    @given(turns=TURNS)
    def law(turns: list[Turn]) -> None:
        async def compare() -> None:
            await redis.flushall()
            one, other = Universe(quiet), Universe(plain)
            for universe in (one, other):
                taking = Taking(universe)
                for turn in (*KNOWN_TO_BOTH, *turns):
                    await taking.take(turn)
                await taking.end()
            for query in (WHAT_STANDS, WHO_IS_HEARD, COUNTS):
                assert await one.seen(query) == await other.seen(query)

        runner.run(compare())

    law()


def absorber_on(redis: Redis) -> RedisAbsorber:
    return RedisAbsorber(redis, lambda: "tests", PATIENT, Breaker(Steady(), lambda _: None))
