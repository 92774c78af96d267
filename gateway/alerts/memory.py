"""What one process remembers of a strand: what the ledger has confirmed of it."""

from datetime import datetime

import msgspec

from gateway.alerts.outcome import Outcome
from gateway.alerts.severity import Severity
from gateway.moments import FOREVER


class Confirmed(msgspec.Struct, gc=False):
    """One strand, as it stood in the last transaction of this process that touched it."""

    version: int
    fingerprint: bytes
    """Of the alert that it belongs to."""
    firing: bool
    severity: Severity
    silenced: bool
    started_at: datetime | None
    fired_at: datetime | None
    """The greatest start that stands."""
    resolved_at: datetime | None
    last_resolve_at: datetime | None
    until: datetime
    """A quiet ends then: the next sighting is news again."""
    outcome: Outcome
    """Of a repeat."""
    annotations: int
    """Hash of those last written, 0 if that is not known: a repeat may bring others."""
    sources: dict[str, str]
    """Source → how it names the alert. Shared by strands, so never changed in place."""
    lease_until: datetime = FOREVER
    """Of the strand, as committed by this process: what is received later may revive it."""

    def credited(self, lease_until: datetime | None, annotations: bytes | None) -> None:
        """Repeats of it are in the ledger, and what they said beyond that (None: nothing)."""
        if lease_until is not None and lease_until > self.lease_until:
            self.lease_until = lease_until
        if annotations is not None:
            self.annotations = hash(annotations)


class StrandMemory(msgspec.Struct, gc=False):
    """Kept as long as an identity of the strand is cached, and shared by all of them: two senders
    may write the same labels in different bytes.
    """

    confirmed: Confirmed | None = None
    """None: its next sighting is news, whatever it says. Kept by the pipeline."""
