"""A sighting as it is kept in a dead letter when it was read well and refused later on the way."""

from datetime import datetime

import msgspec

from gateway.alerts.sighting import Sighting
from gateway.alerts.times import bounds_at, end_within, lease_within, start_within
from gateway.moments import FOREVER
from gateway.windows.sightings import Summed


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    labels: msgspec.Raw
    annotations: msgspec.Raw
    firing: bool
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    lease_until: datetime | None = None
    severity: str = ""
    url: str = ""
    source_fingerprint: str = ""
    discriminator: str = ""


class _Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sighting: _Kept


_letter = msgspec.json.Decoder(_Letter)


def keep_sighting(sighting: Sighting) -> bytes:
    """Refused for its labels."""
    return _kept(sighting, sighting.labels, sighting.severity, sighting.discriminator)


def keep_summed(summed: Summed) -> bytes:
    """Refused by the ledger: one sighting, as the last of them was."""
    return _kept(summed, summed.identity.labels, str(summed.identity.severity), "")


def _kept(sighting: Sighting | Summed, labels: bytes, severity: str, discriminator: str) -> bytes:
    is_leased = sighting.lease_until != FOREVER
    kept = _Kept(
        labels=msgspec.Raw(labels),
        annotations=msgspec.Raw(sighting.annotations or b"{}"),
        firing=sighting.firing,
        starts_at=sighting.starts_at,
        ends_at=None if sighting.firing else sighting.ends_at,
        lease_until=sighting.lease_until if sighting.firing and is_leased else None,
        severity=severity,
        url=sighting.url,
        source_fingerprint=sighting.source_fingerprint,
        discriminator=discriminator,
    )
    return msgspec.json.encode(_Letter(kept))


def read_kept(raw: bytes, received_at: datetime) -> Sighting | None:
    """None if *raw* is something else. A sender may have written it: times are held in bounds."""
    try:
        kept = _letter.decode(raw).sighting
    except msgspec.DecodeError:
        return None
    times = [kept.starts_at, kept.ends_at, kept.lease_until]
    if any(moment is not None and moment.tzinfo is None for moment in times):
        return None
    bounds = bounds_at(received_at)
    starts_at = start_within(bounds, kept.starts_at)
    return Sighting(
        index=0,
        firing=kept.firing,
        labels=bytes(kept.labels),
        annotations=bytes(kept.annotations),
        starts_at=starts_at,
        ends_at=None if kept.firing else end_within(bounds, kept.ends_at, starts_at),
        lease_until=lease_within(bounds, kept.lease_until) if kept.firing else None,
        severity=kept.severity,
        url=kept.url,
        source_fingerprint=kept.source_fingerprint,
        discriminator=kept.discriminator,
    )
