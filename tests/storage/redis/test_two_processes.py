"""What one process has held while another changed the strand is folded as what it repeated."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from gateway.storage.redis.absorber import RedisAbsorber
from tests.storage.redis.meanwhile import Meanwhile
from tests.world import World, at, firing, resolved

SAYS = ("custom", "prometheus")
STEPS = ("before_commit", "before_confirm")


@pytest.fixture
async def worlds(database: str, absorber: RedisAbsorber) -> AsyncIterator[tuple[World, World]]:
    """Two processes that both know the strand, as firing, from both sources."""
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(
                World(database, journal=name, absorber=Meanwhile(absorber))
            )
            for name in ("one", "other")
        ]
        for second, world in enumerate([one, other]):
            for source in SAYS:
                await hears(world, second / 60, source)
        yield one, other


async def hears(world: World, minutes: float, source: str) -> None:
    world.now = at(minutes)
    await world.send(firing(began=None), source=source)


async def flushed(world: World) -> None:
    world.now = at(100)
    while await world.flush.turn():
        pass


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("source", SAYS)
@pytest.mark.parametrize("repeats", [0, 1, 2])
async def test_a_firing_that_is_held_while_another_process_ends_it_is_a_firing(
    worlds: tuple[World, World], step: str, source: str, repeats: int
) -> None:
    one, other = worlds

    async def fires_again() -> None:
        await hears(other, 0.3, source)
        assert other.applied[0].held == 1

    setattr(one.absorber, step, fires_again)
    one.now = at(0.2)
    await one.send(resolved(ended=0.2), source="custom")
    [before] = await one.rows("SELECT * FROM strands")
    assert not before["firing"]
    one.now = at(0.25)
    for _ in range(repeats):  # received before it, of what this process knows
        await one.send(resolved(ended=0.2), source=source)
    await flushed(one)
    [strand] = await one.rows("SELECT * FROM strands")
    [ticket] = await one.all_tickets()
    assert (strand["firing"], ticket["status"]) == (True, "open")
    assert strand["occurrences"] == 6 + repeats
