"""An answer that is awaited for so long and no longer, by a process that may be busy itself."""

import asyncio
from collections.abc import Awaitable

AFTERWARDS_SECONDS = 0.02
"""An answer that lay in the socket while our own event loop stood still is read within that."""


async def answered(answer: Awaitable[None], within_seconds: float) -> None:
    """Raises TimeoutError, and what *answer* raises. What is not heard is cancelled."""
    asking = asyncio.ensure_future(answer)
    try:
        for seconds in (within_seconds, AFTERWARDS_SECONDS):
            heard, _ = await asyncio.wait({asking}, timeout=seconds)
            if heard:
                return asking.result()
        raise TimeoutError(f"no answer within {within_seconds:g} s")
    finally:
        if asking.cancel():
            await asyncio.wait({asking})
