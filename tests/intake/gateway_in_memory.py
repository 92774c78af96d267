"""The way of an alert without I/O: records are collected into batches, applied and remembered.

Real rules and a ledger in memory. `remembering=False` never confirms anything, so that every
sighting is news.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.alerts.alert import AlertStatus
from gateway.alerts.identity import Identity, IdentityCache
from gateway.alerts.rule import DEFAULT_RULE, Rule
from gateway.alerts.sighting import Sighting
from gateway.effects.duplicate import mark_duplicate, unmark_duplicate
from gateway.effects.sighting import apply_sighting, reconsider
from gateway.effects.tickets.person import ticket_by_person
from gateway.effects.tickets.step import take_step
from gateway.effects.working_set import WorkingSet
from gateway.intake.batch.collect import add_record, receipts_of, sum_of_one
from gateway.intake.delivery.checker import Checked
from gateway.intake.journal import Record
from gateway.intake.ledger import Batch, RepeatsMoved
from gateway.links.link import LinkKind, TicketLink
from gateway.moments import MICROSECOND
from gateway.silences.book import SilenceBook, TenantSilences
from gateway.silences.silence import Silence
from gateway.storage.postgres.ledger.confirmations import confirmations
from gateway.tickets.edit import edit_ticket
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.workflows.judge import AskedStep
from tests.alerts.identities import identifier
from tests.intake.in_memory import MemoryLedger
from tests.intake.witness import Witness

ANNA = Principal(1, "local:anna", Role.ADMIN)
Delivery = tuple[datetime, str, Sequence[Sighting]]
"""Received at, source, sightings."""


@dataclass
class MemoryGateway:
    """One process."""

    rules: Sequence[Rule] = ()
    ignored: frozenset[str] = frozenset({"replica", "severity"})
    remembering: bool = True
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    book: SilenceBook = field(default_factory=SilenceBook)
    repeats: int = 0
    """Sightings taken as mere repeats."""
    refusals: int = 0
    """Batches that had to be worked out again, since a strand had changed elsewhere."""
    witness: Witness = field(default_factory=Witness)
    """Of everything that is delivered here, and of leases that run out."""

    def __post_init__(self) -> None:
        self.configure()
        self._sequence = 0
        self._received_at = datetime.min.replace(tzinfo=UTC)

    def configure(
        self, rules: Sequence[Rule] | None = None, ignored: frozenset[str] | None = None
    ) -> None:
        """A restart, with other rules or another list of ignored labels."""
        self.rules = self.rules if rules is None else rules
        self.ignored = self.ignored if ignored is None else ignored
        self.cache = IdentityCache(identifier(self.rules, ignored=self.ignored))

    def begin_journal(self) -> None:
        """As another process would: its receipts know nothing of those before."""
        self._received_at = datetime.min.replace(tzinfo=UTC)

    # -------------------------------------------------------------- taking in

    def identify(self, source: str, sighting: Sighting) -> Identity:
        return self.cache.identify(1, source, sighting)

    def deliver(self, *deliveries: Delivery) -> Batch:
        """All of them in one batch."""
        taken = [self._record(*delivery) for delivery in deliveries]
        while True:
            batch = Batch("journal", self._sequence)
            for record, checked in taken:
                add_record(batch, record, checked, self.book)
            try:
                self._apply(batch)
            except RepeatsMoved as moved:
                self.refusals += 1
                for _, strand in moved.strands:
                    self._memorise(strand, None)
            else:
                return batch

    def _record(
        self, at: datetime, source: str, sightings: Sequence[Sighting]
    ) -> tuple[Record, Checked]:
        self._sequence += 1
        at = max(at, self._received_at + MICROSECOND)
        self._received_at = at + max(len(sightings) - 1, 0) * MICROSECOND
        checked = Checked([self.identify(source, one) for one in sightings], list(sightings))
        self._tell_witness(checked, at)
        return Record(self._sequence, at, 1, source, b""), checked

    def _tell_witness(self, checked: Checked, at: datetime) -> None:
        receipts = receipts_of(at, len(checked.sightings))
        for (identity, sighting), moment in zip(checked.identified(), receipts, strict=True):
            silenced = sighting.firing and self.book.of(1).silences(identity, moment)
            self.witness.see(sum_of_one(identity, sighting, silenced, moment, None))

    def _apply(self, batch: Batch) -> None:
        news = batch.news.get(1, [])
        rows = self.ledger.load_for([summed.identity for summed in news])
        repeats = list(batch.repeats.get(1, {}).values())
        outdated = [
            (1, repeat.identity.strand)
            for repeat in repeats
            if self.ledger.strands[repeat.identity.strand].version != repeat.known.version
        ]
        if outdated:
            raise RepeatsMoved("changed elsewhere", strands=tuple(outdated))
        for summed in news:
            apply_sighting(rows, summed)
        if news:
            self._save(rows, news[-1].received_at)
        for repeat in repeats:
            self.ledger.credit(repeat)
            self.repeats += repeat.count
        for (_, strand), known in confirmations(batch, 1, rows).items():
            self._memorise(strand, known)

    def _memorise(self, strand: bytes, known: object) -> None:
        memory = self.cache.memory(1, strand)
        if memory is not None:
            memory.confirmed = known if self.remembering else None

    def _save(self, rows: WorkingSet, now: datetime) -> None:
        self.ledger.save(rows, int(now.timestamp() * 1_000_000))

    # -------------------------------------------------------------- what time and people do

    def silence(self, *silences: Silence) -> None:
        """From now on these, and no others."""
        self.book.put(1, TenantSilences(self.book.of(1).version + 1, silences))

    def judge(self, fingerprint: bytes, now: datetime) -> None:
        """A worker looks at the silences of all strands of an alert again."""
        rows, silences = self.ledger.load([fingerprint]), self.book.of(1)
        for strand in rows.strands_of[fingerprint]:
            if strand.firing:
                strand.silenced = bool(silences.active_ids(orjson.loads(strand.labels), now))
                rows.changed_strands.add(strand.strand)
        self._reconsider(rows, fingerprint, now, None)

    def expire(self, strands: Iterable[bytes], now: datetime, heard: bool) -> None:
        """The leases of *strands* have run out."""
        for key in strands:
            fingerprint = self.ledger.strands[key].fingerprint
            rows = self.ledger.load([fingerprint])
            if rows.strands[key].fires:
                self.witness.expire(key)
                rows.strands[key].expired = True
                rows.changed_strands.add(key)
                self._reconsider(rows, fingerprint, now, heard)

    def hear_again(self, fingerprint: bytes, now: datetime) -> None:
        """The source of an unconfirmed alert has been heard."""
        self._reconsider(self.ledger.load([fingerprint]), fingerprint, now, heard=True)

    def turn(self, now: datetime) -> None:
        """What workers do by *now*: quiets that have ended, silences that have come or gone."""
        silences = self.book.of(1)
        due = {
            fingerprint
            for fingerprint, alert in self.ledger.alerts.items()
            if alert.quiet_until is not None and alert.quiet_until <= now
        }
        due |= {
            strand.fingerprint
            for strand in self.ledger.strands.values()
            if strand.firing
            and strand.silenced is not bool(silences.active_ids(orjson.loads(strand.labels), now))
        }
        for fingerprint in sorted(due):
            self.judge(fingerprint, now)

    def _reconsider(
        self, rows: WorkingSet, fingerprint: bytes, now: datetime, heard: bool | None
    ) -> None:
        named = {rule.name: rule for rule in self.rules}
        rule = named.get(rows.alerts[fingerprint].rule, DEFAULT_RULE)
        outcome = reconsider(rows, fingerprint, now, rule, heard)
        assert rows.outcomes == {outcome: 1}
        self._save(rows, now)

    def step(self, ticket: Ticket, to: TicketStatus, now: datetime) -> None:
        """A person's transition."""
        keys = {one.merge_key for one in self.ledger.alerts.values() if one.ticket_id == ticket.id}
        keys |= {ticket.merge_key} if ticket.merge_key else set()
        duplicates = [one.id for one in self.tickets if one.duplicate_of == ticket.id]
        rows = self.ledger.load((), keys, [ticket.id, *duplicates])
        asked = AskedStep(to=to, comment="why", resolution_note="how")
        take_step(rows, ticket.id, asked, ANNA, now)
        self._save(rows, now)

    def mark_duplicate(self, ticket: Ticket, original: Ticket, now: datetime) -> None:
        """A person has found that *ticket* is *original* once more."""
        rows, link = self._changing_hands(ticket, original, now)
        mark_duplicate(rows, link, now)
        self._save(rows, now)

    def unmark_duplicate(self, ticket: Ticket, now: datetime) -> None:
        """A person has found that it is not."""
        original = self.ledger.tickets[ticket.duplicate_of or ""]
        rows, link = self._changing_hands(ticket, original, now)
        unmark_duplicate(rows, link, link.author, now)
        self._save(rows, now)

    def _changing_hands(
        self, ticket: Ticket, original: Ticket, now: datetime
    ) -> tuple[WorkingSet, TicketLink]:
        along = [one for one in self.tickets if one.duplicate_of == ticket.id]
        tickets = [ticket, original, *along]
        alerts = [
            fingerprint
            for fingerprint, alert in self.ledger.alerts.items()
            if alert.status is not AlertStatus.RESOLVED
            and (
                alert.ticket_id == ticket.id
                or (alert.ticket_id == original.id and alert.merge_key == ticket.merge_key)
            )
        ]
        keys = [one.merge_key for one in tickets if one.merge_key is not None]
        rows = self.ledger.load(alerts, keys, [one.id for one in tickets])
        named = {rule.name: rule for rule in self.rules}
        rows.rule_named = lambda name: named.get(name, DEFAULT_RULE)
        link = TicketLink(
            kind=LinkKind.DUPLICATES,
            from_id=ticket.id,
            to_id=original.id,
            author="local:anna",
            at=now,
        )
        return rows, link

    def ask(self, fingerprint: bytes, now: datetime) -> tuple[Ticket, bool]:
        """A person wants the ticket of an alert; was it opened for that?"""
        alert = self.ledger.alerts[fingerprint]
        episode = self.ledger.episodes.get((fingerprint, alert.episodes))
        on_it = [episode.ticket_id] if episode is not None and episode.ticket_id else []
        rows = self.ledger.load([fingerprint], (), on_it)
        known = rows.tickets[on_it[0]] if on_it else None
        named = {rule.name: rule for rule in self.rules}
        rule = named.get(alert.rule, DEFAULT_RULE)
        asked = rows.alerts[fingerprint]
        ticket, opened = ticket_by_person(rows, asked, known, rule, "local:anna", now)
        self._save(rows, now)
        return self.ledger.tickets[ticket.id], opened

    def edit(self, ticket: Ticket, fields: dict[str, str], now: datetime) -> None:
        """A person's change of plain fields."""
        rows = self.ledger.load((), (), [ticket.id])
        change = edit_ticket(rows.tickets[ticket.id], fields, "local:anna", now)
        assert change is not None
        rows.save(change)
        self._save(rows, now)

    # -------------------------------------------------------------- looking

    def next_turn(self, after: datetime, until: datetime) -> list[datetime]:
        """Moments in (after, until] at which a silence begins or ends, or a quiet ends."""
        silences = self.book.of(1).all()
        moments = {one.starts_at for one in silences} | {one.ends_at for one in silences}
        moments |= {one.quiet_until for one in self.ledger.alerts.values() if one.quiet_until}
        return sorted(moment for moment in moments if after < moment <= until)

    @property
    def tickets(self) -> list[Ticket]:
        """In the order of opening."""
        return list(self.ledger.tickets.values())


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
