"""Claims: what firing sightings say of when their firing began, as long as no resolve has ended it.

A strand keeps those that stand. Whether one stands depends on greatests of the resolves alone, and
they only grow: what has fallen never stands again, and so any order of delivery leaves the same
claims.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

BELIEVED_AFTER = timedelta(minutes=15)
MOST = 16
"""Claims kept of a strand; the newest then stands for those that would be too many."""


class Claim(NamedTuple):
    """A start as a sender named it, with the last receipt and the greatest lease it came with."""

    starts_at: datetime | None
    """None: the sender names no start, and is believed by receipt."""
    received_at: datetime
    lease_until: datetime


class Ends(NamedTuple):
    """What all resolves of a strand say together, each a greatest; None before the first."""

    resolved_at: datetime | None
    """The end named, or the receipt of a resolve that named none."""
    unended_at: datetime | None
    """Receipt of a resolve that named no end of its own: it ends all that was received before."""
    last_resolve_at: datetime | None
    """Receipt of any."""

    def start_of(self, claim: Claim) -> datetime | None:
        """When the firing began that *claim* speaks of; None if it is over."""
        last = self.last_resolve_at
        if last is None:
            return claim.starts_at or claim.received_at
        if claim.starts_at is None:
            if claim.received_at > last:
                return claim.received_at
        elif self._is_before(claim.starts_at, claim.received_at):
            return claim.starts_at
        believed = last + BELIEVED_AFTER
        return believed if claim.received_at >= believed else None

    def _is_before(self, start: datetime, received_at: datetime) -> bool:
        if self.resolved_at is not None and start <= self.resolved_at:
            return False
        # a fast sender's start may lie ahead of its receipt: that is no excuse
        return self.unended_at is None or min(start, received_at) > self.unended_at


def standing(claims: Iterable[Claim], ends: Ends) -> tuple[Claim, ...]:
    """Those of *claims* that are not over, by their starts; MOST at most.

    One that names the same start as a later one, and promises no more, adds nothing to it.
    """
    kept: list[Claim] = []
    for claim in sorted((one for one in claims if ends.start_of(one) is not None), key=_order):
        while kept and _covers(claim, kept[-1]):
            kept.pop()
        kept.append(claim)
    while len(kept) > MOST:
        newest, surplus = kept[-1], kept.pop(-2)
        kept[-1] = newest._replace(lease_until=max(newest.lease_until, surplus.lease_until))
    return tuple(kept)


def _order(claim: Claim) -> tuple[datetime, bool, datetime, datetime]:
    start = claim.starts_at
    return start or claim.received_at, start is None, claim.received_at, claim.lease_until


def _covers(claim: Claim, before: Claim) -> bool:
    same = claim.starts_at == before.starts_at
    if claim.starts_at is None:
        same = same and claim.received_at == before.received_at
    return same and claim.lease_until >= before.lease_until


def credited(
    claims: tuple[Claim, ...],
    last_firing_at: datetime,
    unstarted_at: datetime | None,
    lease_until: datetime,
) -> tuple[Claim, ...]:
    """*claims* with what mere repeats added, which move their strand's row alone.

    The newest claim stands for them. How long each of them promised is not known if another claim
    promised more: then it is taken for as long as the newest had.
    """
    last = max((claim.received_at for claim in claims), default=last_firing_at)
    if last_firing_at <= last:
        return claims
    newest, greatest = claims[-1], max(claim.lease_until for claim in claims)
    lease = newest.lease_until
    if lease_until > greatest:
        lease = lease_until
    elif lease < greatest:  # theirs was hidden behind a greater one
        lease += last_firing_at - newest.received_at
    again = Claim(newest.starts_at, last_firing_at, lease)
    if newest.starts_at is None or unstarted_at is None or unstarted_at <= last:
        return (*claims, again)
    return (*claims, again, Claim(None, unstarted_at, lease))
