"""How long an answer is awaited, and whose time counts."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest

from gateway.storage.redis.answer import answered

SHORT, LONG = 0.01, 60.0


@pytest.fixture
async def ends() -> AsyncIterator[tuple[socket.socket, socket.socket]]:
    """Of one line; nothing blocks at the first."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


async def test_what_came_while_our_own_loop_stood_still_is_heard(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    loop = asyncio.get_running_loop()
    heard: list[bytes] = []

    async def answer() -> None:
        loop.call_soon(stand_still)
        heard.append(await loop.sock_recv(ours, 1))

    def stand_still() -> None:
        time.sleep(5 * SHORT)
        theirs.send(b"!")

    await answered(answer(), SHORT)
    assert heard == [b"!"]


async def test_what_does_not_come_is_given_up_and_awaited_no_more() -> None:
    given_up = asyncio.Event()

    async def answer() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    with pytest.raises(TimeoutError):
        await answered(answer(), SHORT)
    assert given_up.is_set()


async def test_who_is_cancelled_asks_no_more() -> None:
    asking, given_up = asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        asking.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    task = asyncio.ensure_future(answered(answer(), LONG))
    await asking.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert given_up.is_set()


async def test_an_error_is_an_answer() -> None:
    async def answer() -> None:
        raise OSError("reset")

    with pytest.raises(OSError, match="reset"):
        await answered(answer(), LONG)
