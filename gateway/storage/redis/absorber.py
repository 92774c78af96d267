"""Repeats held back in Redis: one hash for each tenant and shard, one script call a shard.

Every key carries the hash tag of its shard, so that on Redis Cluster the shards lie on several
nodes and one of them may fail alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from gateway.alerts.memory import Confirmed
from gateway.effects.repeats import Asked, Held, ReportKey
from gateway.intake.absorber import AT_ONCE, Absorbed, Confirmation
from gateway.moments import MICROSECOND
from gateway.storage.redis import entry
from gateway.storage.redis.answer import answered
from gateway.storage.redis.breaker import Breaker
from gateway.storage.redis.entry import StoredEntry
from gateway.storage.redis.scripts import ABSORB, CONFIRM, DUE, VOID, Client

SHARDS = 16
FLUSH_INTERVAL = timedelta(seconds=60)
ANSWER_WITHIN = timedelta(milliseconds=150)
LANES = 4
"""Shards that are asked side by side: while one answers, the questions to another are written."""

HashPlace = tuple[int, int]
"""Tenant and shard: one hash."""


@dataclass(frozen=True, slots=True)
class AbsorberTimes:
    """How long repeats are held back, and how long Redis may take."""

    flush_interval: timedelta = FLUSH_INTERVAL
    """What is held is credited after that: by the next sighting, or else by the flush."""
    answer_within: timedelta = ANSWER_WITHIN
    """Redis counts as away when it takes longer: the ledger then does all the work."""
    idle: timedelta = timedelta(minutes=10)
    """An entry of which nothing was heard so long after its flush is removed."""


@dataclass(slots=True)
class RedisAbsorber:
    """Implements `Absorber`. *prefix* tells installations that share a Redis apart."""

    client: Client
    prefix: Callable[[], str]
    times: AbsorberTimes
    breaker: Breaker
    entries_at_once: int = 500
    """Looked at in one step of the flush."""

    async def recall(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Confirmed]:
        """See `Absorber`."""
        found: dict[ReportKey, Confirmed] = {}
        for key, one in (await self._entries(keys)).items():
            known = one.recalled()
            if known is not None:
                found[key] = known
        return found

    async def held(self, keys: Sequence[ReportKey]) -> Mapping[ReportKey, Held]:
        """See `Absorber`."""
        counters = {key: one.held() for key, one in (await self._entries(keys)).items()}
        return {key: held for key, held in counters.items() if held.uncredited > 0}

    async def absorb(self, asked: Mapping[ReportKey, Asked]) -> Absorbed:
        """See `Absorber`."""
        absorbed = Absorbed()

        async def ask(place: HashPlace, keys: list[ReportKey]) -> None:
            numbers = entry.pack_asked([asked[key] for key in keys])
            fields = [entry.field(key) for key in keys]
            verdicts, entries = await ABSORB(self.client, [self._hash(place)], numbers, *fields)
            if not entries:  # as nearly always: all are held
                absorbed.held += keys
                return
            start = 0
            for key, verdict in zip(keys, verdicts, strict=True):
                if verdict == ord("1"):
                    absorbed.held.append(key)
                    continue
                end = start + 5 + int(entries[start : start + 5])
                absorbed.passed[key] = StoredEntry(entries[start + 5 : end], key[2]).held()
                start = end

        await self._everywhere(asked, ask)
        return absorbed

    async def confirm(self, confirmations: Mapping[ReportKey, Confirmation]) -> None:
        """See `Absorber`."""

        async def ask(place: HashPlace, keys: list[ReportKey]) -> None:
            numbers: list[bytes] = []
            texts: list[bytes] = []
            for key in keys:
                one = confirmations[key]
                numbers.append(entry.pack_confirmation(one, self._flush_at(one)))
                texts += (entry.field(key), entry.pack_state(one.known, key[2]))
            await CONFIRM(self.client, [self._hash(place)], b"".join(numbers), *texts)

        await self._everywhere(confirmations, ask)

    async def void(self, versions: Mapping[ReportKey, int]) -> None:
        """See `Absorber`."""

        async def ask(place: HashPlace, keys: list[ReportKey]) -> None:
            numbers = b"".join([entry.VERSION.pack(versions[key]) for key in keys])
            fields = [entry.field(key) for key in keys]
            await VOID(self.client, [self._hash(place)], numbers, *fields)

        await self._everywhere(versions, ask)

    async def due(self, tenant: int, now: datetime) -> tuple[Mapping[ReportKey, Held], bool]:
        """See `Absorber`."""
        found: dict[ReportKey, Held] = {}
        times, more = self.times, [False]
        spans = (times.flush_interval, times.idle, times.flush_interval / 2)
        numbers = [entry.microseconds(now), *(span // MICROSECOND for span in spans)]

        async def step(place: HashPlace) -> None:
            keys = [self._hash(place), self._hash(place) + b":walk"]
            goes_on, *pairs = await DUE(self.client, keys, *numbers, self.entries_at_once)
            more[0] = more[0] or bool(goes_on)
            for name, value in zip(pairs[::2], pairs[1::2], strict=True):
                key = entry.key_of(tenant, name)
                found[key] = StoredEntry(value, key[2]).held()

        await self._each([(tenant, shard) for shard in range(SHARDS)], step)
        return found, more[0]

    async def _entries(self, keys: Sequence[ReportKey]) -> dict[ReportKey, StoredEntry]:
        found: dict[ReportKey, StoredEntry] = {}

        async def ask(place: HashPlace, some: list[ReportKey]) -> None:
            fields = [entry.field(key) for key in some]
            values = await self.client.execute_command("HMGET", self._hash(place), *fields)
            for key, value in zip(some, values, strict=True):
                if value is not None:
                    found[key] = StoredEntry(value, key[2])

        await self._everywhere(keys, ask)
        return found

    async def _everywhere(
        self,
        keys: Iterable[ReportKey],
        ask: Callable[[HashPlace, list[ReportKey]], Awaitable[None]],
    ) -> None:
        """Ask each shard for its own keys, side by side; those that do not answer are left out."""
        left = iter(keys)
        while some := list(islice(left, AT_ONCE)):
            places: dict[HashPlace, list[ReportKey]] = defaultdict(list)
            for key in some:
                places[key[0], key[1][0] % SHARDS].append(key)
            await self._each(list(places), partial(_ask_place, ask, places))

    async def _each(
        self, places: Iterable[HashPlace], ask: Callable[[HashPlace], Awaitable[None]]
    ) -> None:
        """Ask something of each of *places*, side by side, as far as the breaker allows."""
        left = iter(places)

        async def lane() -> None:
            for place in left:
                if self.breaker.allows(place[1]):
                    await self._guarded(place, ask(place))

        await asyncio.gather(*(lane() for _ in range(LANES)))

    async def _guarded(self, place: HashPlace, answer: Awaitable[Any]) -> None:
        try:
            await answered(answer, self.times.answer_within.total_seconds())
        except Exception as error:  # noqa: BLE001  whatever the client does, the ledger can go on
            self.breaker.failed(place[1], error)
        else:
            self.breaker.answered(place[1])

    def _hash(self, place: HashPlace) -> bytes:
        return b"alert-gateway:%b:{%d}:%d" % (self.prefix().encode(), place[1], place[0])

    def _flush_at(self, confirmation: Confirmation) -> datetime | None:
        """Never later than half of what is left of the lease, so that it is renewed in time."""
        received_at, lease_until = confirmation.received_at, confirmation.lease_until
        if confirmation.known is None or received_at is None:
            return None
        wait = self.times.flush_interval
        if lease_until is not None:
            wait = min(wait, max(lease_until - received_at, timedelta()) / 2)
        return received_at + wait


async def _ask_place(
    ask: Callable[[HashPlace, list[ReportKey]], Awaitable[None]],
    places: Mapping[HashPlace, list[ReportKey]],
    place: HashPlace,
) -> None:
    await ask(place, places[place])
