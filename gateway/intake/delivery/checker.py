"""A request's body, read and checked before it is answered: identities beside their sightings.

A source's bytes go through here twice at most: before the answer, and after a crash from the
journal. Both give the same result, since all that matters is in the record.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import orjson

from gateway.access.signatures import Signing
from gateway.alerts.identity import Identity, IdentityCache
from gateway.alerts.labels import BadLabels
from gateway.alerts.memory import StrandMemory
from gateway.alerts.sighting import Sighting
from gateway.errors import NotFound
from gateway.intake.delivery.sighting_letter import keep_sighting
from gateway.intake.delivery.source import Delivery, Parse, Rejected, SourceKind
from gateway.intake.delivery.steps import Steps, Turns, at_once

MAX_SOURCE_CHARACTERS = 20
"""Of a source's name in the title of what it could not map."""


@dataclass(frozen=True, slots=True)
class Source:
    """One configured source, ready to read."""

    name: str
    """The URL's last part."""
    kind: SourceKind
    parse: Parse
    resolve_timeout: timedelta | None = None
    """For senders that never resolve: every firing sighting is a lease of this length."""
    signing: Signing | None = None
    """None: its sender does not sign."""


@dataclass(slots=True)
class Checked:
    """What one body holds, in the sender's order."""

    identities: list[Identity] = field(default_factory=list)
    """One for each of *sightings*."""
    sightings: list[Sighting] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    truncated: int = 0
    resolve_timeout: timedelta | None = None

    def identified(self) -> Iterator[tuple[Identity, Sighting]]:
        """Each sighting with its identity."""
        return zip(self.identities, self.sightings, strict=True)


class Checker:
    """Reads bodies of all configured sources."""

    def __init__(
        self, sources: Mapping[str, Source], identities: IdentityCache, *, provisional: bool = False
    ) -> None:
        self._sources = sources
        self._identities = identities
        self.provisional = provisional
        """The installation's seed is not known yet: nobody else has these identities."""
        self._turns = Turns()

    def adopt(self, identities: IdentityCache) -> None:
        """From now on identities come from here: the installation's seed is known."""
        self._identities = identities
        self.provisional = False

    def memory(self, tenant: int, strand: bytes) -> StrandMemory | None:
        """What this process knows of a strand, if it still does."""
        return self._identities.memory(tenant, strand)

    def source(self, name: str) -> Source:
        """Raises NotFound for a source that is not configured."""
        source = self._sources.get(name)
        if source is None:
            known = ", ".join(sorted(self._sources))
            raise NotFound(f"no source named {name!r}; there are {known}", code="unknown_source")
        return source

    def check(self, source: Source, tenant: int, body: bytes, received_at: datetime) -> Checked:
        """Parse *body* and identify every sighting; raises MalformedPayload only."""
        return at_once(self._steps(source, tenant, body, received_at))

    async def read(
        self, source: Source, tenant: int, body: bytes, received_at: datetime
    ) -> Checked:
        """As `check`, in turns with everything else: a request never waits for another's body."""
        return await self._turns.take(self._steps(source, tenant, body, received_at))

    def _steps(
        self, source: Source, tenant: int, body: bytes, received_at: datetime
    ) -> Steps[Checked]:
        delivery = yield from source.parse(body, received_at)
        checked = self._at_once(source, tenant, delivery) if delivery.by_labels else None
        while checked is None:
            before = self._identities
            found = yield from self._identify(source, tenant, delivery.sightings)
            checked = found if self._identities is before else None
        checked.rejected.extend(delivery.rejected)
        checked.truncated = delivery.truncated
        return checked

    def identified(self, name: str, tenant: int, sightings: Iterable[Sighting]) -> Checked:
        """Sightings that are already read, as if the source *name* had sent them."""
        return at_once(self._identify(self.source(name), tenant, sightings))

    def _at_once(self, source: Source, tenant: int, delivery: Delivery) -> Checked | None:
        """What nearly all bodies are: every label set was seen lately. None if one was not."""
        seen = self._identities.young(tenant, source.name).get
        found = [identity for one in delivery.sightings if (identity := seen(one.labels))]
        if len(found) < len(delivery.sightings):
            return None
        return Checked(found, delivery.sightings, resolve_timeout=source.resolve_timeout)

    def _identify(
        self, source: Source, tenant: int, sightings: Iterable[Sighting]
    ) -> Steps[Checked]:
        checked = Checked(resolve_timeout=source.resolve_timeout)
        for sighting in sightings:
            if sighting.unmapped:
                sighting = _told_whose(sighting, source.name)
            try:
                identity = self._identities.identify(tenant, source.name, sighting)
            except BadLabels as error:
                checked.rejected.append(_rejected(sighting, error))
            else:
                checked.identities.append(identity)
                checked.sightings.append(sighting)
            yield
        return checked


def _told_whose(sighting: Sighting, source: str) -> Sighting:
    """An adapter does not know its source's name; people must, where titles are cut."""
    annotations = orjson.loads(sighting.annotations)
    annotations["summary"] = f"{source[:MAX_SOURCE_CHARACTERS]}: {annotations['summary']}"
    labels = orjson.loads(sighting.labels) | {"source": source}
    return msgspec.structs.replace(
        sighting, labels=orjson.dumps(labels), annotations=orjson.dumps(annotations)
    )


def _rejected(sighting: Sighting, error: BadLabels) -> Rejected:
    return Rejected(sighting.index, f"labels: {error}", "labels", keep_sighting(sighting))
