"""Summed sightings: what one batch holds of one strand, in one state, from one source."""

from datetime import datetime

import msgspec

from gateway.alerts.identity import Identity


class Summed(msgspec.Struct, gc=False):
    """Equal sightings of one strand in a row. Times are the greatest seen, but for `began_at`."""

    identity: Identity
    firing: bool
    silenced: bool
    count: int
    began_at: datetime | None
    """Firing: the smallest start named."""
    starts_at: datetime | None
    """Firing: the greatest start named; None if none was."""
    ends_at: datetime
    """Resolved: the end; else meaningless."""
    unended: bool
    """Resolved: it named no end of its own, and so ends all that was received before it."""
    first_received_at: datetime
    received_at: datetime
    lease_until: datetime
    annotations: bytes
    """JSON of an object; empty: as they are."""
    url: str
    source_fingerprint: str
