"""Labels → identity: strand, fingerprint, rule and merge key. A repeat costs one look-up.

strand       XXH3-128 of the full label set: one source alert, under the same key whatever is
             ignored tomorrow. Where the source itself names its alerts (N9E's `hash`), of that name
             instead, and of the source's: it says nothing outside of one installation of it
fingerprint  XXH3-128 of the label set without what `[identity]` ignores: the alert that the strand
             belongs to as far as these labels say
merge key    the fingerprint, or a hash of rule name and `group_by` names and values

All are seeded with the installation's secret, so that nobody can prepare collisions. Since labels
are stored beside them, what a hash stands for can always be checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec
import xxhash

from gateway.alerts.ignored import NOTHING_IGNORED, IgnoredLabels
from gateway.alerts.labels import canonical, decode_labels
from gateway.alerts.memory import StrandMemory
from gateway.alerts.rule import Rule, first_match
from gateway.alerts.severity import Severity, severity_of
from gateway.alerts.sighting import Sighting

DEFAULT_CACHE_BYTES = 512 * 1024 * 1024


class Hiding(Protocol):
    """What may hide a strand for a while: a silence."""

    def covers(self, now: datetime) -> bool:
        """Does it at *now*?"""


class Identity(msgspec.Struct, gc=False, eq=False):
    """What labels say, once worked out. Shared by all sightings that carry the same bytes."""

    tenant: int
    source: str
    strand: bytes
    fingerprint: bytes
    merge_key: bytes
    labels: bytes
    """Canonical JSON of all labels."""
    alert_labels: bytes
    """Canonical JSON without the ignored labels."""
    severity: Severity
    rule: Rule
    memory: StrandMemory
    """It belongs to the pipeline; here it only saves that a cache and a look-up."""
    verdict: tuple[object, Sequence[Hiding]] | None = None
    """The silences that match the labels, and what they were asked of; kept by `silences`."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """Works out identities. *seed* is the installation's secret, 32 bytes."""

    seed: bytes
    rules: Sequence[Rule]
    severity_words: Mapping[str, Severity]
    ignored: IgnoredLabels = NOTHING_IGNORED

    def identify(self, tenant: int, source: str, sighting: Sighting) -> Identity:
        """Decode, check and hash the labels of *sighting*; raises BadLabels."""
        labels = decode_labels(sighting.labels)
        full = canonical(labels)
        if full == sighting.labels:
            full = sighting.labels  # most senders write them so: kept once
        naming = self.ignored.without(labels)
        kept = full if naming is labels else canonical(naming)
        fingerprint = self.digest(kept)
        rule = first_match(self.rules, source, labels)
        word = sighting.severity or labels.get("severity", "")
        return Identity(
            tenant=tenant,
            source=source,
            strand=self._strand(source, sighting.discriminator, full),
            fingerprint=fingerprint,
            merge_key=self.merge_key(rule, labels, fingerprint),
            labels=full,
            alert_labels=kept,
            severity=severity_of(word, self.severity_words),
            rule=rule,
            memory=StrandMemory(),
        )

    def _strand(self, source: str, discriminator: str, full: bytes) -> bytes:
        if discriminator:
            return self.digest(source.encode(), discriminator.encode())
        return self.digest(full)

    def merge_key(self, rule: Rule, labels: Mapping[str, str], fingerprint: bytes) -> bytes:
        """16 bytes naming the window: the alert itself, or its group under *rule*."""
        if not rule.group_by:
            return fingerprint
        pairs = (part for name in rule.group_by for part in (name, labels.get(name, "")))
        return self.digest(*(part.encode() for part in (rule.name, *pairs)))

    def digest(self, *parts: bytes) -> bytes:
        """XXH3-128 over the seed and length-prefixed parts: no two lists of parts look alike."""
        state = xxhash.xxh3_128(self.seed, seed=int.from_bytes(self.seed[:8], "big"))
        for part in parts:
            state.update(len(part).to_bytes(4, "big"))
            state.update(part)
        return bytes(state.digest())


_OVERHEAD_BYTES = 700
"""What an identity costs beyond its label bytes, with what is confirmed of its strand: measured on
CPython 3.11 (`python -m benchmarks.growth`), rounded up."""

_Key = bytes | tuple[bytes, str, str]
"""Raw label bytes; with the discriminator and the sender's severity where there are any."""


class _Generation:
    """Identities by source and key, and what is known of their strands."""

    def __init__(self) -> None:
        self.identities: dict[tuple[int, str], dict[_Key, Identity]] = {}
        self.memories: dict[int, dict[bytes, StrandMemory]] = {}
        self.held_bytes = 0

    def find(self, place: tuple[int, str], key: _Key) -> Identity | None:
        partition = self.identities.get(place)
        return None if partition is None else partition.get(key)

    def memory(self, tenant: int, strand: bytes) -> StrandMemory | None:
        memories = self.memories.get(tenant)
        return None if memories is None else memories.get(strand)

    def keep(self, place: tuple[int, str], key: _Key, identity: Identity, size: int) -> None:
        self.identities.setdefault(place, {})[key] = identity
        self.memories.setdefault(place[0], {})[identity.strand] = identity.memory
        self.held_bytes += size

    def drop(self, place: tuple[int, str], key: _Key, size: int) -> None:
        """Its memory stays: another identity may share it."""
        del self.identities[place][key]
        self.held_bytes -= size

    def __len__(self) -> int:
        return sum(map(len, self.identities.values()))


class IdentityCache:
    """Identities by (tenant, source, raw label bytes, ...), bounded in bytes, in two generations.

    A hit in the old generation moves to the young one; when the young one is full, it becomes the
    old one and the former old one is dropped. That is nearly least-recently-used, and a hit in the
    young generation writes nothing. What comes again and again is never missed while it takes less
    than half of the bound.
    """

    def __init__(self, identifier: Identifier, max_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        self._identifier = identifier
        self._generation_bytes = max_bytes // 2
        self._young, self._old = _Generation(), _Generation()
        self.misses = 0

    @property
    def seed(self) -> bytes:
        """The secret that all its identities hang on."""
        return self._identifier.seed

    @property
    def held_bytes(self) -> int:
        """Of both generations, nearly."""
        return self._young.held_bytes + self._old.held_bytes

    def young(self, tenant: int, source: str) -> Mapping[_Key, Identity]:
        """What `identify` would find at once, by raw label bytes alone. For one body: it ages."""
        return self._young.identities.setdefault((tenant, source), {})

    def identify(self, tenant: int, source: str, sighting: Sighting) -> Identity:
        """The identity of *sighting*; worked out on a miss only. Raises BadLabels."""
        place = (tenant, source)
        key: _Key = sighting.labels
        if sighting.discriminator or sighting.severity:
            key = (sighting.labels, sighting.discriminator, sighting.severity)
        found = self._young.find(place, key)
        if found is not None:
            return found
        found = self._old.find(place, key)
        if found is None:
            self.misses += 1
            found = self._identifier.identify(tenant, source, sighting)
            found.memory = self.memory(tenant, found.strand) or found.memory
            size = _size(sighting.labels, found)
        else:
            size = _size(sighting.labels, found)
            self._old.drop(place, key, size)
        if self._young.held_bytes + size > self._generation_bytes:
            self._old, self._young = self._young, _Generation()
        self._young.keep(place, key, found, size)
        return found

    def memory(self, tenant: int, strand: bytes) -> StrandMemory | None:
        """What this process knows of *strand*, if it still knows it."""
        return self._young.memory(tenant, strand) or self._old.memory(tenant, strand)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


def _size(raw: bytes, identity: Identity) -> int:
    """Bytes that it takes, by estimate. Label texts that are the same object count once."""
    size = len(raw) + _OVERHEAD_BYTES
    if identity.labels is not raw:
        size += len(identity.labels)
    if identity.alert_labels is not identity.labels:
        size += len(identity.alert_labels)
    return size
