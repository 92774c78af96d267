"""Labels → identity: strand, fingerprint, rule and merge key. A repeat costs one look-up.

strand       XXH3-128 of the full label set, the source's discriminator and the fingerprint: one
             source alert, always of the same alert, whatever a source ignores tomorrow
fingerprint  XXH3-128 of the label set without the source's `ignore_labels`: the alert
merge key    the fingerprint, or a hash of rule name and `group_by` names and values

All are seeded with the installation's secret, so that nobody can prepare collisions. Since labels
are stored beside them, what a hash stands for can always be checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import xxhash

from gateway.alerts.labels import canonical, decode_labels
from gateway.alerts.rule import Rule, first_match
from gateway.alerts.severity import Severity, severity_of
from gateway.alerts.sighting import Sighting


class StrandMemory:
    """What one process knows of a strand, as long as an identity of it is cached.

    Shared by all identities of the strand (two senders may write the same labels in different
    bytes). Each field belongs to one stage; here it only saves that stage a cache and a look-up.
    """

    __slots__ = ("__weakref__", "confirmed", "verdict")

    def __init__(self) -> None:
        self.verdict: Any = None
        """The silences that match, kept by `silences`."""
        self.confirmed: Any = None
        """What the ledger has confirmed, kept by the pipeline."""


@dataclass(slots=True, eq=False)
class Identity:
    """What labels say, once worked out. Shared by all sightings that carry the same bytes."""

    tenant: int
    source: str
    strand: bytes
    fingerprint: bytes
    merge_key: bytes
    labels: bytes
    """Canonical JSON of all labels."""
    alert_labels: bytes
    """Canonical JSON without the source's ignored labels."""
    severity: Severity
    rule: Rule
    memory: StrandMemory


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What of a configured source bears on identity."""

    name: str
    ignore_labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Identifier:
    """Works out identities. *seed* is the installation's secret, 32 bytes."""

    seed: bytes
    rules: Sequence[Rule]
    severity_words: Mapping[str, Severity]

    def identify(self, tenant: int, source: SourceIdentity, sighting: Sighting) -> Identity:
        """Decode, check and hash the labels of *sighting*; raises BadLabels."""
        labels = decode_labels(sighting.labels)
        full = canonical(labels)
        kept = full
        if not source.ignore_labels.isdisjoint(labels):
            kept = canonical({n: v for n, v in labels.items() if n not in source.ignore_labels})
        fingerprint = self.digest(kept)
        rule = first_match(self.rules, source.name, labels)
        word = sighting.severity or labels.get("severity", "")
        return Identity(
            tenant=tenant,
            source=source.name,
            strand=self.digest(full, sighting.discriminator.encode(), fingerprint),
            fingerprint=fingerprint,
            merge_key=self.merge_key(rule, labels, fingerprint),
            labels=full,
            alert_labels=kept,
            severity=severity_of(word, self.severity_words),
            rule=rule,
            memory=StrandMemory(),
        )

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


_OVERHEAD_BYTES = 900
"""What an identity costs beyond its label bytes: measured on CPython 3.11, rounded up."""

_Key = tuple[int, str, bytes, str, str]


class IdentityCache:
    """Identities by (tenant, source, raw label bytes, ...), bounded in bytes, in two generations.

    A hit in the old generation moves to the young one; when the young one is full, it becomes the
    old one and the former old one is dropped. That is nearly least-recently-used, and a hit in the
    young generation writes nothing.
    """

    def __init__(self, identifier: Identifier, max_bytes: int = 256 * 1024 * 1024) -> None:
        self._identifier = identifier
        self._generation_bytes = max_bytes // 2
        self._young: dict[_Key, Identity] = {}
        self._old: dict[_Key, Identity] = {}
        self._young_bytes = self._old_bytes = 0
        self._memories: WeakValueDictionary[tuple[int, bytes], StrandMemory] = WeakValueDictionary()
        self.misses = 0

    @property
    def seed(self) -> bytes:
        """The secret that all its identities hang on."""
        return self._identifier.seed

    @property
    def held_bytes(self) -> int:
        """Of both generations, nearly."""
        return self._young_bytes + self._old_bytes

    def identify(self, tenant: int, source: SourceIdentity, sighting: Sighting) -> Identity:
        """The identity of *sighting*; worked out on a miss only. Raises BadLabels."""
        key = (tenant, source.name, sighting.labels, sighting.discriminator, sighting.severity)
        found = self._young.get(key)
        if found is not None:
            return found
        found = self._old.pop(key, None)
        if found is None:
            self.misses += 1
            found = self._identifier.identify(tenant, source, sighting)
            known = self._memories.setdefault((tenant, found.strand), found.memory)
            found.memory = known
        self._keep(key, found)
        return found

    def memory(self, tenant: int, strand: bytes) -> StrandMemory | None:
        """What this process knows of *strand*, if it still knows it."""
        return self._memories.get((tenant, strand))

    def _keep(self, key: _Key, identity: Identity) -> None:
        size = len(key[2]) + len(identity.labels) + _OVERHEAD_BYTES
        if identity.alert_labels is not identity.labels:
            size += len(identity.alert_labels)
        if self._young_bytes + size > self._generation_bytes:
            self._old, self._young = self._young, {}
            self._old_bytes, self._young_bytes = self._young_bytes, 0
        self._young[key] = identity
        self._young_bytes += size

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
