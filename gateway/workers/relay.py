"""The outbox relay: hands the messages of one sink to it, each subject's in order.

Each sink has a relay of its own, so that a receiver that is away delays nobody else's messages.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gateway.clock import Clock
from gateway.logs import get_logger
from gateway.metrics import Metrics
from gateway.outbox.outbox import Claimed, Outbox
from gateway.outbox.retry import next_attempt
from gateway.outbox.sink import Sink, SinkRefused, SinkUnavailable

_logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RelayOptions:
    batch: int = 32
    """Messages claimed, and delivered, at a time."""
    lease: timedelta = timedelta(seconds=60)
    """Longer than a delivery can last: else another relay would deliver it too."""


class _Result(StrEnum):
    """What became of one try; also the label of `outbox_messages_total`."""

    DELIVERED = "delivered"
    POSTPONED = "postponed"
    REFUSED = "refused"
    EXHAUSTED = "exhausted"


class OutboxRelay:
    """Claim, deliver side by side (a claim holds one message a subject at most), mark each.

    While the sink takes nothing, one message at a time is tried, so an outage uses up few tries;
    with each batch that gets through, the next may be twice as large.
    """

    def __init__(
        self,
        outbox: Outbox,
        sink: Sink,
        clock: Clock,
        metrics: Metrics,
        options: RelayOptions | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._sink = sink
        self._clock = clock
        self._metrics = metrics
        self._options = options or RelayOptions()
        self._jitter = jitter
        self._batch = self._options.batch
        self._away = False

    async def turn(self) -> bool:
        """One batch of every tenant that has any. True if something left: its followers may go."""
        more = False
        for tenant in await self._outbox.due(self._sink.name, self._clock()):
            more |= await self._relay_batch(tenant)
        return more

    async def _relay_batch(self, tenant: int) -> bool:
        claimed = await self._outbox.claim(
            tenant, self._sink.name, self._batch, self._clock(), self._options.lease
        )
        if not claimed:
            return False
        results = await asyncio.gather(
            *(self._relay(each) for each in claimed), return_exceptions=True
        )
        self._adapt(results)
        bugs = [result for result in results if isinstance(result, BaseException)]
        if bugs:
            raise bugs[0]
        return any(result is not _Result.POSTPONED for result in results)

    async def _relay(self, claimed: Claimed) -> _Result:
        try:
            await self._sink.deliver(claimed.message)
        except SinkRefused as error:
            result = await self._give_up(claimed, _Result.REFUSED, str(error))
        except SinkUnavailable as error:
            result = await self._postpone(claimed, str(error), error.retry_after)
        except Exception as error:
            # Without a date of its own it would come back with every lease, for ever.
            await self._postpone(claimed, f"{type(error).__name__} in the sink", 0.0)
            raise
        else:
            await self._outbox.delivered(claimed, self._clock())
            result = _Result.DELIVERED
        self._metrics.outbox_messages_total.labels(result).inc()
        return result

    async def _postpone(self, claimed: Claimed, error: str, retry_after_seconds: float) -> _Result:
        at = next_attempt(claimed.attempts, self._clock(), retry_after_seconds, self._jitter())
        if at is None:
            return await self._give_up(claimed, _Result.EXHAUSTED, error)
        await self._outbox.postpone(claimed, at, error)
        return _Result.POSTPONED

    async def _give_up(self, claimed: Claimed, result: _Result, error: str) -> _Result:
        await self._outbox.give_up(claimed, error)
        _logger.warning(
            "message given up",
            sink=self._sink.name,
            message=claimed.message.id,
            subject=claimed.message.subject,
            attempts=claimed.attempts,
            result=result,
            error=error,
        )
        return result

    def _adapt(self, results: Sequence[_Result | BaseException]) -> None:
        """Choose the next batch's size; one log line when the sink goes away, one on its return."""
        away = all(result is _Result.POSTPONED for result in results)
        self._batch = 1 if away else min(self._batch * 2, self._options.batch)
        if away and not self._away:
            _logger.warning("sink takes nothing", sink=self._sink.name)
        elif self._away and not away:
            _logger.info("sink takes messages again", sink=self._sink.name)
        self._away = away
