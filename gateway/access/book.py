"""The book of senders' tokens: whom a process knows while nobody can be asked.

Of all tenants, for an id is presented before its tenant is known. It holds digests and no secrets.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.access.token import Presented, is_same


class KnownSender(msgspec.Struct, frozen=True, gc=False):
    """A sender's token that was not revoked. *source* empty: it may deliver for any."""

    id: str
    digest: bytes
    tenant: int
    source: str = ""
    expires_at: datetime | None = None

    @property
    def principal(self) -> Principal:
        """As whom it delivers."""
        return Principal(self.tenant, self.id, Role.SENDER, source=self.source)

    def holds_at(self, now: datetime) -> bool:
        """It has not expired."""
        return self.expires_at is None or now < self.expires_at


class SendersBook:
    """All of them at one *version*; None: as it was remembered, of whatever version."""

    def __init__(self, remembered: Sequence[KnownSender] = ()) -> None:
        self.version: int | None = None
        self._by_id = _by_id(remembered)

    def put(self, version: int, senders: Iterable[KnownSender]) -> None:
        """These, and no others."""
        self.version, self._by_id = version, _by_id(senders)

    def find(self, presented: Presented) -> KnownSender | None:
        """The token, expired or not; None: it must be asked for."""
        for sender in self._by_id.get(presented.id, ()):
            if is_same(sender.digest, presented.digest):
                return sender
        return None


def written(senders: Sequence[KnownSender]) -> bytes:
    """To be remembered across a start, where nobody else can read it."""
    return msgspec.json.encode(senders)


def read_back(text: bytes) -> Sequence[KnownSender]:
    """What `written` gave; of anything else nothing."""
    try:
        return msgspec.json.decode(text, type=list[KnownSender])
    except msgspec.MsgspecError:
        return ()


def _by_id(senders: Iterable[KnownSender]) -> dict[str, tuple[KnownSender, ...]]:
    """Two tenants' may share one."""
    found: dict[str, tuple[KnownSender, ...]] = {}
    for sender in senders:
        found[sender.id] = (*found.get(sender.id, ()), sender)
    return found
