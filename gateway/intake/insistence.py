"""Asking the ledger until it answers: the pipeline waits, intake goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, TypeVar

from gateway.backoff import BackOff
from gateway.clock import Clock
from gateway.errors import Conflict, GatewayError, Unavailable
from gateway.intake.ledger import LedgerStopped
from gateway.intake.progress import PipelineProgress
from gateway.logs import get_logger

_logger = get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

BACK_OFF = BackOff(first_seconds=0.2, longest_seconds=5.0)


@dataclass(slots=True)
class Insistence:
    """One pipeline's, and what it has learnt of the ledger meanwhile."""

    clock: Clock
    progress: PipelineProgress
    available: bool = field(default=True, init=False)
    """The last try reached the ledger."""
    recovered_at: datetime | None = field(default=None, init=False)
    """When the ledger came back from its latest outage; None: it never was away."""

    async def ask(self, ask: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Its answer. Raises Conflict, and what neither waiting nor a person at the database can
        mend.
        """
        failures = 0
        while True:
            try:
                answer = await ask(*args, **kwargs)
            except Unavailable as error:
                self._away(error, logging.WARNING)
            except LedgerStopped as error:
                self._away(error, logging.CRITICAL)
            except Conflict:
                self._back()
                raise
            else:
                self._back()
                return answer
            failures += 1
            await asyncio.sleep(BACK_OFF.wait_seconds(failures))

    def _away(self, error: GatewayError, level: int) -> None:
        self.progress.failed(outage=isinstance(error, Unavailable))
        if self.available:
            _logger.log(level, "ledger away: the pipeline waits", error=str(error))
        self.available = False

    def _back(self) -> None:
        if not self.available:
            self.recovered_at = self.clock()
            _logger.warning("ledger back: the pipeline goes on")
        self.available = True
