"""A sighting: one delivery of one alert, as a source adapter translated it.

Labels and annotations stay raw JSON: a repeat is recognised by its bytes and never decoded.
"""

from datetime import datetime

import msgspec


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """One delivery of one alert, firing or resolved. Times are aware UTC.

    *labels* is a JSON object as the sender wrote it; `identity` decodes and checks it.
    *discriminator* names the strand, instead of the labels, where the source has a name of its own
    for the alert (N9E's `hash`); it never joins the fingerprint.
    """

    index: int
    """Place in the request, for error messages."""
    firing: bool
    labels: bytes
    annotations: bytes = b"{}"
    """JSON object of strings."""
    starts_at: datetime | None = None
    """When the source says the firing began; None if it does not say."""
    ends_at: datetime | None = None
    """Of a resolved sighting: when it ended; None means `received_at`."""
    lease_until: datetime | None = None
    """Of a firing sighting: the source promises to repeat itself before this."""
    severity: str = ""
    """The sender's own severity value when it is not the label `severity` (N9E: `n9e-1`)."""
    url: str = ""
    """Link to the alert in its source."""
    source_fingerprint: str = ""
    """How the source itself names the alert."""
    discriminator: str = ""
    unmapped: bool = False
    """A mapped source failed on this item: kept whole, marked."""
