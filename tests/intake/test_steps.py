"""Long work in steps: whoever does it, others get their turn."""

import asyncio

import pytest

from gateway.intake.delivery.steps import AT_ONCE, Steps, Turns, at_once, portions


def until(signal: list[object]) -> Steps[str]:
    """Goes on until somebody else has had a turn."""
    while not signal:
        yield
    return "done"


def broken() -> Steps[str]:
    yield
    raise ValueError("no")


def test_at_once_gives_the_result() -> None:
    assert at_once(until([1])) == "done"


async def test_work_without_end_lets_the_loop_turn() -> None:
    signal: list[object] = []
    asyncio.get_running_loop().call_soon(signal.append, 1)
    assert await Turns().take(until(signal)) == "done"


async def test_what_the_work_raises_comes_out_at_once_or_later() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="no"):
        await turns.take(broken())
    assert await turns.take(until([1])) == "done", "the line is free again"


async def test_of_many_long_works_one_goes_on_at_a_time() -> None:
    turns, first_may_end, second_may_end = Turns(), list[object](), list[object]()
    steps: list[object] = []

    def counted() -> Steps[str]:
        while not second_may_end:
            steps.append(1)
            yield
        return "second"

    first = asyncio.ensure_future(turns.take(until(first_may_end)))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(turns.take(counted()))
    await asyncio.sleep(0)
    in_its_first_turn = len(steps)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(steps) == in_its_first_turn
    first_may_end.append(1)
    second_may_end.append(1)
    assert await asyncio.gather(first, second) == ["done", "second"]


async def test_work_that_is_given_up_leaves_the_line() -> None:
    turns = Turns()
    given_up = asyncio.ensure_future(turns.take(until([])))
    await asyncio.sleep(0)
    given_up.cancel()
    signal: list[object] = []
    asyncio.get_running_loop().call_soon(signal.append, 1)
    assert await turns.take(until(signal)) == "done"


def test_portions_are_all_things_with_their_numbers() -> None:
    things = [str(n) for n in range(2 * AT_ONCE + 1)]
    parts = [list(portion) for portion in portions(things)]
    assert [len(part) for part in parts] == [AT_ONCE, AT_ONCE, 1]
    assert [pair for part in parts for pair in part] == list(enumerate(things))
