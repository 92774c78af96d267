"""The silence book: what this process knows of all silences, and which of them hide a strand.

The index holds every silence that may still matter (pending, active, lately ended), so that a
record is judged by its own time, also when it is applied hours later. Which silences match an
identity's labels is kept with it until the version moves; a repeat compares times only.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from gateway.alerts.identity import Identity
from gateway.silences.silence import Silence, SilenceState
from matchers import MatcherIndex


class TenantSilences:
    """One tenant's silences at one version. Never changed: a new version is a new object."""

    def __init__(self, version: int, silences: Iterable[Silence] = ()) -> None:
        self.version = version
        self._silences = {silence.id: silence for silence in silences}
        self.empty = not self._silences
        starts_and_ends = ((one.starts_at, one.ends_at) for one in self._silences.values())
        self._moments = sorted(moment for both in starts_and_ends for moment in both)
        self._token = object()  # in verdicts: one that kept the book itself would keep its index
        self._index = MatcherIndex({key: one.matchers for key, one in self._silences.items()})

    def matching(self, labels: dict[str, str]) -> Sequence[Silence]:
        """All whose matchers match, whatever their time."""
        return [self._silences[key] for key in self._index.match(labels)]

    def active_ids(self, labels: dict[str, str], now: datetime) -> list[UUID]:
        """Those that hide *labels* at *now*."""
        return [silence.id for silence in self.matching(labels) if silence.covers(now)]

    def silences(self, identity: Identity, now: datetime) -> bool:
        """Is the strand hidden at *now*? The labels are looked at once a version."""
        verdict = identity.verdict
        if verdict is None or verdict[0] is not self._token:
            verdict = (self._token, self.matching(orjson.loads(identity.labels)))
            identity.verdict = verdict
        matching = verdict[1]
        return bool(matching) and any(silence.covers(now) for silence in matching)

    def turned(self, now: datetime) -> int:
        """How many starts and ends have come by *now*: while that stays, so do all verdicts."""
        return bisect_right(self._moments, now)

    def all(self) -> Iterable[Silence]:
        """Every silence in the book."""
        return self._silences.values()


class SilenceBook:
    """The current silences of every tenant."""

    def __init__(self) -> None:
        self._tenants: dict[int, TenantSilences] = {}

    def of(self, tenant: int) -> TenantSilences:
        """Version -1, and empty, until the tenant's silences have been read."""
        return self._tenants.get(tenant) or _UNREAD

    def put(self, tenant: int, silences: TenantSilences) -> None:
        """A newer version has been read."""
        self._tenants[tenant] = silences

    def states(self, now: datetime) -> Mapping[str, int]:
        """How many silences of all tenants are pending, active, and lately expired."""
        found = Counter(
            str(silence.state(now)) for one in self._tenants.values() for silence in one.all()
        )
        return {state: found[state] for state in SilenceState}


_UNREAD = TenantSilences(-1)
