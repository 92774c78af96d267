"""Whether a pipeline gets on: what readiness, metrics and the shutdown want to know of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.clock import Clock

STALLED_AFTER = timedelta(minutes=1)
"""A failure is tried again several times before anybody outside need hear of it."""


@dataclass(slots=True)
class PipelineProgress:
    """Of one pipeline, as it says itself."""

    clock: Clock
    made_at: datetime = field(init=False)
    """When the pipeline last took something to the ledger, or found that there was nothing."""
    failing: bool = field(default=False, init=False)
    """The last thing it tried did not work."""
    _outage: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.made_at = self.clock()

    def made(self) -> None:
        """It got on."""
        self.made_at = self.clock()
        self.failing = False

    def failed(self, *, outage: bool = False) -> None:
        """It did not. *outage*: the ledger is away, and nothing is wrong here."""
        self.failing, self._outage = True, outage

    @property
    def stalled(self) -> bool:
        """It has not got on for a while, and waiting for the ledger's return will not help."""
        waited = self.clock() - self.made_at
        return self.failing and not self._outage and waited >= STALLED_AFTER
