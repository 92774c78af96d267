"""The laws of the four scripts, on a real Redis."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from redis.asyncio import Redis

from gateway.alerts.memory import Confirmed
from gateway.alerts.outcome import Outcome
from gateway.alerts.severity import Severity
from gateway.effects.repeats import Asked, Held, ReportKey
from gateway.intake.absorber import Confirmation
from gateway.moments import FOREVER
from gateway.storage.redis.absorber import RedisAbsorber
from gateway.storage.redis.breaker import Breaker
from tests.storage.redis.clocks import PATIENT, Steady
from tests.world import at

LONG_AGO = timedelta(days=2)


def key(number: int = 1, source: str = "custom", tenant: int = 1) -> ReportKey:
    return tenant, number.to_bytes(16, "little"), source


def known(version: int = 5, source: str = "custom") -> Confirmed:
    return Confirmed(
        version=version,
        fingerprint=b"f" * 16,
        firing=True,
        severity=Severity.HIGH,
        silenced=False,
        started_at=at(0),
        fired_at=at(1),
        resolved_at=None,
        last_resolve_at=None,
        until=FOREVER,
        outcome=Outcome.MERGED,
        annotations=0,
        sources={source: "fingerprint"},
    )


def repeat(version: int = 5, count: int = 1, minutes: float = 1) -> Asked:
    return Asked(version, count, at(minutes), None, None)


def news() -> Asked:
    return Asked(0, 0, at(0), None, None)


async def ask(absorber: RedisAbsorber, asked: Asked, which: ReportKey | None = None) -> Held | None:
    """None: it is held back."""
    which = which or key()
    absorbed = await absorber.absorb({which: asked})
    assert (which in absorbed.held) is not (which in absorbed.passed)
    return absorbed.passed.get(which)


async def confirmed(
    absorber: RedisAbsorber, which: ReportKey | None = None, version: int = 5
) -> Held:
    """A report that has passed and been committed."""
    which = which or key()
    passed = await ask(absorber, news(), which)
    assert passed is not None
    state = known(version, which[2])
    told = Confirmation(passed.born, passed.count, state, at(0.5), None)
    await absorber.confirm({which: told})
    return passed


async def held(absorber: RedisAbsorber, which: ReportKey | None = None) -> Held:
    which = which or key()
    return (await absorber.held([which]))[which]


async def test_nothing_is_held_before_something_is_confirmed(absorber: RedisAbsorber) -> None:
    for _ in range(2):
        passed = await ask(absorber, repeat())
        assert passed is not None
        assert (passed.count, passed.version) == (0, 0)


async def test_a_repeat_of_what_is_confirmed_is_held_and_counted_until_the_flush_is_due(
    absorber: RedisAbsorber,
) -> None:
    await confirmed(absorber)
    assert await ask(absorber, repeat(count=2)) is None
    assert await ask(absorber, repeat(count=3, minutes=1.4)) is None
    passed = await ask(absorber, repeat(minutes=1.5))
    assert passed is not None
    assert (passed.count, passed.uncredited, passed.received_at) == (5, 5, at(1.4))
    assert passed.state == known()


async def test_a_flush_is_due_before_half_of_the_lease_is_over(absorber: RedisAbsorber) -> None:
    passed = await ask(absorber, news())
    assert passed is not None
    told = Confirmation(passed.born, 0, known(), at(0), at(1))
    await absorber.confirm({key(): told})
    assert await ask(absorber, repeat(minutes=0.49)) is None
    assert await ask(absorber, repeat(minutes=0.5)) is not None


async def test_another_version_passes_whichever_is_older(absorber: RedisAbsorber) -> None:
    await confirmed(absorber)
    for version in (4, 6, 0):
        assert await ask(absorber, repeat(version)) is not None


async def test_what_passes_is_not_counted(absorber: RedisAbsorber) -> None:
    await confirmed(absorber)
    await ask(absorber, repeat(count=4))
    await ask(absorber, repeat(version=6, count=9))
    assert (await held(absorber)).count == 4


async def test_an_older_version_is_never_confirmed_over_a_newer_one(
    absorber: RedisAbsorber,
) -> None:
    passed = await confirmed(absorber, version=7)
    late = Confirmation(passed.born, 0, known(version=6), at(5), None)
    await absorber.confirm({key(): late})
    assert (await absorber.recall([key()]))[key()].version == 7
    assert await ask(absorber, repeat(version=6)) is not None
    assert await ask(absorber, repeat(version=7)) is None


async def test_confirm_never_makes_an_entry(absorber: RedisAbsorber, redis: Redis) -> None:
    await absorber.confirm({key(): Confirmation(1, 0, known(), at(0), None)})
    assert await redis.dbsize() == 0


async def test_confirm_says_nothing_of_a_counter_that_was_erased_since(
    absorber: RedisAbsorber, redis: Redis
) -> None:
    passed = await confirmed(absorber)
    await redis.flushall()
    again = await ask(absorber, news())
    assert again is not None
    assert again.born > passed.born
    await absorber.confirm({key(): Confirmation(passed.born, 0, known(), at(0), None)})
    assert await absorber.recall([key()]) == {}


async def test_a_credit_that_comes_twice_or_late_is_harmless(absorber: RedisAbsorber) -> None:
    passed = await confirmed(absorber)
    await ask(absorber, repeat(count=5))
    for credited in (3, 3, 2, 9):
        await absorber.confirm({key(): Confirmation(passed.born, credited)})
        found = await absorber.held([key()])
        left = found[key()].uncredited if found else 0
        assert left == (0 if credited == 9 else 2)


async def test_what_was_voided_passes_until_it_is_confirmed_anew(absorber: RedisAbsorber) -> None:
    passed = await confirmed(absorber)
    await ask(absorber, repeat(count=2))
    await absorber.void({key(): 8})
    assert await absorber.recall([key()]) == {}
    for version in (5, 8):
        assert await ask(absorber, repeat(version)) is not None
    late = Confirmation(passed.born, 0, known(version=7), at(0.6), None)
    await absorber.confirm({key(): late})
    assert await ask(absorber, repeat(version=7)) is not None
    assert (await held(absorber)).state == known(version=8)  # what was held, at its new version
    await absorber.confirm({key(): Confirmation(passed.born, 2, known(version=8), at(0.6), None)})
    assert await ask(absorber, repeat(version=8)) is None


async def test_a_void_that_comes_late_voids_nothing_newer(absorber: RedisAbsorber) -> None:
    await confirmed(absorber, version=9)
    await absorber.void({key(): 9, key(2): 3})
    assert await ask(absorber, repeat(version=9)) is None


async def test_what_was_held_keeps_its_state_though_a_newer_version_is_confirmed(
    absorber: RedisAbsorber,
) -> None:
    passed = await confirmed(absorber)
    await ask(absorber, repeat(count=2))
    ended = msgspec.structs.replace(known(version=8), firing=False)
    for _ in range(2):
        await absorber.confirm({key(): Confirmation(passed.born, 1, ended, at(0.6), None)})
        one = await held(absorber)
        assert (one.uncredited, one.version, one.void) == (1, 8, True)
        assert one.state is not None
        assert one.state.firing
        assert await absorber.recall([key()]) == {}
        for version in (5, 8):
            assert await ask(absorber, repeat(version)) is not None
    await absorber.confirm({key(): Confirmation(passed.born, 2, ended, at(0.6), None)})
    assert (await absorber.recall([key()]))[key()] == ended
    assert await ask(absorber, repeat(version=8)) is None


async def walk(absorber: RedisAbsorber, now: datetime, tenant: int = 1) -> dict[ReportKey, Held]:
    found: dict[ReportKey, Held] = {}
    more = True
    while more:
        some, more = await absorber.due(tenant, now)
        found |= some
    return found


async def test_a_walk_finds_what_fell_silent_with_something_uncredited_and_nothing_else(
    absorber: RedisAbsorber,
) -> None:
    numbers = range(300)
    await many_confirmed(absorber, numbers)
    silent = {key(number): repeat(count=2) for number in numbers[::3]}
    assert set((await absorber.absorb(silent)).held) == silent.keys()
    assert await walk(absorber, at(1.6)) == {}
    found = await walk(absorber, at(30))
    assert found.keys() == silent.keys()
    assert {one.uncredited for one in found.values()} == {2}


async def test_a_walk_is_shared_by_all_who_walk_and_rests_at_its_end(
    absorber: RedisAbsorber,
) -> None:
    await confirmed(absorber)
    await ask(absorber, repeat())
    assert len(await walk(absorber, at(30))) == 1
    assert await walk(absorber, at(30)) == {}
    assert len(await walk(absorber, at(31))) == 1


async def test_what_is_long_idle_is_removed_but_never_with_anything_uncredited(
    absorber: RedisAbsorber, redis: Redis
) -> None:
    for number in (1, 2):
        await confirmed(absorber, key(number))
    await ask(absorber, repeat(), key(2))
    await walk(absorber, datetime.now(at(0).tzinfo) + LONG_AGO)  # noqa: TID251
    assert await entries(redis) == 1
    assert (await held(absorber, key(2))).uncredited == 1


async def test_tenants_and_installations_do_not_meet(absorber: RedisAbsorber, redis: Redis) -> None:
    other = RedisAbsorber(redis, lambda: "other", PATIENT, Breaker(Steady(), lambda _: None))
    await confirmed(absorber)
    assert await ask(absorber, repeat(), key(tenant=2)) is not None
    assert await ask(other, repeat()) is not None
    assert await ask(absorber, repeat()) is None
    assert await walk(other, at(30)) == {}
    assert await walk(absorber, at(30), tenant=2) == {}


async def test_ten_thousand_reports_of_one_shard_go_at_once(absorber: RedisAbsorber) -> None:
    numbers = [number * 256 for number in range(10_000)]
    await many_confirmed(absorber, numbers)
    asked = {key(number): repeat(count=number % 7 + 1) for number in numbers}
    assert set((await absorber.absorb(asked)).held) == asked.keys()
    found = await absorber.held(list(asked))
    assert {which: one.count for which, one in found.items()} == {
        which: one.count for which, one in asked.items()
    }
    await absorber.void(dict.fromkeys(asked, 9))
    assert (await absorber.absorb(asked)).held == []


async def test_what_another_release_wrote_is_forgotten_and_not_fatal(
    absorber: RedisAbsorber, redis: Redis
) -> None:
    await confirmed(absorber)
    await ask(absorber, repeat(count=3))
    for name in await redis.keys("*"):
        for place, value in (await redis.hgetall(name)).items():
            await redis.hset(name, place, value[:50] + b"\xc1 unreadable")
    assert await absorber.recall([key()]) == {}
    one = await held(absorber)
    assert (one.uncredited, one.state) == (3, None)


async def many_confirmed(absorber: RedisAbsorber, numbers: Sequence[int]) -> None:
    absorbed = await absorber.absorb({key(number): news() for number in numbers})
    await absorber.confirm(
        {
            which: Confirmation(one.born, 0, known(), at(0.5), None)
            for which, one in absorbed.passed.items()
        }
    )


async def entries(redis: Redis) -> int:
    return sum([await redis.hlen(name) for name in await redis.keys("*}:?")])
