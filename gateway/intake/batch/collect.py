"""Records to a batch: what is news stays in order, mere repeats are summed.

The hot path: a repeat must cost about a microsecond here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.alerts.identity import Identity
from gateway.alerts.sighting import Sighting
from gateway.effects.confirmed import is_repeat
from gateway.effects.repeats import Repeat, ReportKey, as_news
from gateway.intake.delivery.checker import Checked
from gateway.intake.journal import Record
from gateway.intake.ledger import Batch, DeadLetter, Heard
from gateway.moments import FOREVER, MICROSECOND
from gateway.silences.book import SilenceBook
from gateway.windows.sightings import Summed

_STEPS = [number * MICROSECOND for number in range(1_000)]


def add_record(batch: Batch, record: Record, checked: Checked, book: SilenceBook) -> None:
    """Everything of one record; its `received_at` is the time of all that follows from it."""
    tenant, now = record.tenant, record.received_at
    heard = batch.heard.get((tenant, record.source))
    if heard is None:
        batch.heard[tenant, record.source] = Heard(now, now)
    else:
        heard.last = now
    if record.letter and not _takes_in_again(batch, record, checked):
        batch.last = record.seq
        return
    for rejected in checked.rejected:
        letter = DeadLetter(
            tenant=tenant,
            source=record.source,
            reason=rejected.reason,
            error=rejected.error,
            raw=rejected.raw,
            batch=f"{batch.journal_id}-{record.seq}",
            at=now,
        )
        batch.dead.append(letter)
    if checked.sightings:
        _add_sightings(batch, record, checked, book)
    batch.last = record.seq


def _takes_in_again(batch: Batch, record: Record, checked: Checked) -> bool:
    """A dead letter is taken in once, and stays if it still cannot be read."""
    letter = (record.tenant, record.source, record.letter)
    if not checked.sightings or letter in batch.replayed:
        return False
    batch.replayed[letter] = record.received_at
    return True


def _add_sightings(batch: Batch, record: Record, checked: Checked, book: SilenceBook) -> None:
    tenant = record.tenant
    silences = book.of(tenant)
    batch.silence_versions.setdefault(tenant, silences.version)
    repeats = batch.repeats.setdefault(tenant, {})
    latest = batch.latest.setdefault(tenant, {})
    adder = _News(batch.news.setdefault(tenant, []), latest, repeats, checked.resolve_timeout)
    judged = not silences.empty
    receipts = receipts_of(record.received_at, len(checked.sightings))
    for identity, sighting, now in zip(
        checked.identities, checked.sightings, receipts, strict=True
    ):
        silenced = judged and sighting.firing and silences.silences(identity, now)
        known = identity.memory.confirmed
        strand = identity.strand
        if (
            known is None
            or strand in latest
            or not is_repeat(known, identity, sighting, silenced, now)
        ):
            adder.add(identity, sighting, silenced, now)
            continue
        key = (tenant, strand, identity.source)
        repeat = repeats.get(key)
        if repeat is None:
            repeat = repeats[key] = Repeat(
                known.version, 0, now, None, None, identity, known, None, ""
            )
        repeat.count += 1
        repeat.received_at = now
        repeat.url = sighting.url
        if sighting.firing:
            _renew(repeat, sighting, now, checked.resolve_timeout)
    batch.sightings += len(checked.sightings)


def receipts_of(first: datetime, count: int) -> Sequence[datetime]:
    """When each of *count* sightings of one body counts as received: no two of a journal at once.

    The journal keeps the receipts of its next record behind these (`Journal.append`).
    """
    if count <= len(_STEPS):
        return [first + step for step in _STEPS[:count]]
    return [first + number * MICROSECOND for number in range(count)]


def lease_of(sighting: Sighting, now: datetime, resolve_timeout: timedelta | None) -> datetime:
    """Until when a firing sighting stands: what its sender promised, else the source's timeout."""
    if sighting.lease_until is not None:
        return sighting.lease_until
    return FOREVER if resolve_timeout is None else now + resolve_timeout


def _renew(
    repeat: Repeat, sighting: Sighting, now: datetime, resolve_timeout: timedelta | None
) -> None:
    """What a sighting that still fires says beyond that."""
    lease = sighting.lease_until or lease_of(sighting, now, resolve_timeout)
    before = repeat.lease_until
    if before is None or lease > before:
        repeat.lease_until = lease
    if sighting.starts_at is None:
        repeat.unstarted_at = now
    differ = hash(sighting.annotations) != repeat.known.annotations
    repeat.annotations = sighting.annotations if differ else None


class _News:
    """Adds what is not a mere repeat: equal sightings of one strand in a row are summed."""

    __slots__ = ("_latest", "_news", "_repeats", "_resolve_timeout")

    def __init__(
        self,
        news: list[Summed],
        latest: dict[bytes, Summed],
        repeats: dict[ReportKey, Repeat],
        resolve_timeout: timedelta | None,
    ) -> None:
        self._news, self._latest, self._repeats = news, latest, repeats
        self._resolve_timeout = resolve_timeout

    def add(
        self, identity: Identity, sighting: Sighting, silenced: bool, received_at: datetime
    ) -> None:
        summed = sum_of_one(identity, sighting, silenced, received_at, self._resolve_timeout)
        before = self._latest.get(identity.strand)
        if before is None:
            self._take_back_repeats(identity)
            before = self._latest.get(identity.strand)
        if before is not None and _equal(before, summed):
            _add_up(before, summed)
        else:
            self._news.append(summed)
            self._latest[identity.strand] = summed

    def _take_back_repeats(self, identity: Identity) -> None:
        """What came before the news of a strand is applied before it, repeats too."""
        known = identity.memory.confirmed
        for source in () if known is None else known.sources:
            repeat = self._repeats.pop((identity.tenant, identity.strand, source), None)
            if repeat is not None:
                for summed in as_news(repeat):
                    self._news.append(summed)
                    self._latest[identity.strand] = summed


def sum_of_one(
    identity: Identity,
    sighting: Sighting,
    silenced: bool,
    received_at: datetime,
    resolve_timeout: timedelta | None,
) -> Summed:
    """A single sighting as news."""
    return Summed(
        identity=identity,
        firing=sighting.firing,
        silenced=silenced,
        count=1,
        began_at=sighting.starts_at,
        starts_at=sighting.starts_at,
        ends_at=sighting.ends_at or received_at,
        unended=sighting.ends_at is None,
        first_received_at=received_at,
        received_at=received_at,
        lease_until=lease_of(sighting, received_at, resolve_timeout),
        annotations=sighting.annotations,
        url=sighting.url,
        source_fingerprint=sighting.source_fingerprint,
    )


def _equal(one: Summed, other: Summed) -> bool:
    same = one.firing is other.firing and one.silenced is other.silenced
    return (
        same
        and one.starts_at == other.starts_at
        and (one.firing or (one.ends_at == other.ends_at and one.unended is other.unended))
        and one.identity.source == other.identity.source
        and one.identity.severity is other.identity.severity
        and one.identity.labels == other.identity.labels
    )


def _add_up(before: Summed, summed: Summed) -> None:
    before.count += summed.count
    before.received_at = summed.received_at
    before.lease_until = max(before.lease_until, summed.lease_until)
    before.annotations = summed.annotations
    before.url, before.source_fingerprint = summed.url, summed.source_fingerprint
