"""The rows that one tenant's part of a batch is about: loaded and locked, changed here, saved once.

Plain data and bookkeeping; the rules are in the rooms of the nouns, what follows from them for the
rows is in the modules beside this one.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from gateway.alerts.alert import Alert
from gateway.alerts.rule import DEFAULT_RULE, Rule
from gateway.changes.change import Change, Noun
from gateway.comments.change import CommentChange
from gateway.comments.comment import Comment, Revision
from gateway.declarations.book import UNREAD, Book
from gateway.declarations.declared import AllDeclared, DeclaredChange
from gateway.links.bindings import Bindings
from gateway.moments import later
from gateway.people.change import PersonChange
from gateway.people.roster import Roster
from gateway.people.token import Token
from gateway.silences.silence import Silence
from gateway.tickets.fields import Field
from gateway.tickets.priority import Matrix
from gateway.tickets.ticket import Ticket
from gateway.windows.strand import Strand
from gateway.windows.window import Window
from gateway.workflows.book import SHIPPED_WORKFLOWS, Workflows

Key = TypeVar("Key", str, UUID)


@dataclass(slots=True)
class Report:
    """What one source says of one strand."""

    strand: bytes
    source: str
    source_fingerprint: str
    url: str
    lease_until: datetime
    last_seen: datetime


@dataclass(slots=True)
class Link:
    """An alert on a ticket; *after* is the alert's count when it left."""

    ticket_id: str
    fingerprint: bytes
    joined_at: datetime
    before: int
    after: int | None = None


@dataclass(slots=True)
class Episode:
    """One firing period of an alert. *ticket_id* None: none yet, or as stored."""

    fingerprint: bytes
    number: int
    rule: str
    merge_key: bytes
    ticket_id: str | None
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Following:
    """What a person's step on a ticket does to its alerts that run, however many they are.

    They need not be loaded; the windows that they are in must be. Like `WorkingSet.void`, it moves
    the versions of all their strands.
    """

    ticket_id: str
    quiet_until: Mapping[bytes, datetime | None]
    """By the merge key of the window that an alert is in."""


@dataclass(slots=True)
class Joins:
    """Alerts that joined one ticket, from the first on."""

    behind: int
    """So many changes were there before."""
    at: datetime
    fingerprints: list[bytes]

    @property
    def names(self) -> str:
        """The fingerprint if it is one, else how many."""
        one, *others = self.fingerprints
        return f"{len(self.fingerprints)} alerts" if others else one.hex()


def default_rule(name: str) -> Rule:
    """Where nothing is configured."""
    return DEFAULT_RULE


@dataclass(slots=True)
class WorkingSet:
    """One tenant's rows by key. `new_*` name rows to insert; what is changed is updated."""

    tenant: int
    rule_named: Callable[[str], Rule] = default_rule
    """The configured rule of a name, or the default one."""
    book: Book = UNREAD
    """What is declared in the tenant."""
    ticketing: bool = True
    standing: AllDeclared = field(default_factory=AllDeclared)
    """What is declared, and ever was: for whoever declares."""
    declared: list[DeclaredChange] = field(default_factory=list)
    workflows: Workflows = SHIPPED_WORKFLOWS
    """The tenant's."""
    live_children: dict[str, int] = field(default_factory=dict)
    """By ticket, where a step may ask for it."""
    moved_by: dict[str, str] = field(default_factory=dict)
    """By ticket: who took the step into its present state, where a step may ask for it."""
    strands: dict[bytes, Strand] = field(default_factory=dict)
    loaded_versions: dict[bytes, int] = field(default_factory=dict)
    """Of strands, as they were before anything was changed here."""
    strands_of: dict[bytes, list[Strand]] = field(default_factory=dict)
    alerts: dict[bytes, Alert] = field(default_factory=dict)
    windows: dict[bytes, Window] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    reports: dict[tuple[bytes, str], Report] = field(default_factory=dict)
    links: dict[tuple[str, bytes], Link] = field(default_factory=dict)
    shifts: Counter[tuple[str, bytes]] = field(default_factory=Counter)
    """Of links that are not among `links`: what their `before` is to be raised by."""
    episodes: dict[tuple[bytes, int], Episode] = field(default_factory=dict)
    new_strands: set[bytes] = field(default_factory=set)
    new_alerts: set[bytes] = field(default_factory=set)
    new_windows: set[bytes] = field(default_factory=set)
    new_tickets: set[str] = field(default_factory=set)
    changed_strands: set[bytes] = field(default_factory=set)
    renamed_strands: set[bytes] = field(default_factory=set)
    """Their labels, or the alert that they belong to, are others than those loaded."""
    changed_alerts: set[bytes] = field(default_factory=set)
    changed_windows: set[bytes] = field(default_factory=set)
    changed_tickets: set[str] = field(default_factory=set)
    voided_alerts: set[bytes] = field(default_factory=set)
    """Something a mere repeat depends on has changed: the version of all their strands moves."""
    following: Following | None = None
    silences: dict[UUID, Silence] = field(default_factory=dict)
    new_silences: set[UUID] = field(default_factory=set)
    changed_silences: set[UUID] = field(default_factory=set)
    comments: dict[str, Comment] = field(default_factory=dict)
    revisions_of: dict[str, int] = field(default_factory=dict)
    """How many of them each comment has."""
    new_comments: set[str] = field(default_factory=set)
    changed_comments: set[str] = field(default_factory=set)
    hidden_comments: set[str] = field(default_factory=set)
    """Fewer may see them than when the outside was told of them."""
    new_revisions: list[Revision] = field(default_factory=list)
    people: Roster = field(default_factory=Roster)
    bound: Bindings = field(default_factory=Bindings)
    """What binds tickets: links, references, watchers."""
    counted_tickets: set[str] = field(default_factory=set)
    """Only what alerts do to them has changed: counts, and the end of their history."""
    changes: list[Change[Noun]] = field(default_factory=list)
    """In their order, but for joins."""
    joins: dict[str, Joins] = field(default_factory=dict)
    """By ticket."""
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def matrix(self) -> Matrix:
        """The tenant's."""
        return self.book.matrix

    @property
    def fields(self) -> Mapping[str, Field]:
        """Custom fields that the tenant has declared, with those that are withdrawn."""
        return self.book.fields

    def add_strand(self, strand: Strand) -> None:
        """A row from the ledger, or one that is to become one."""
        self.strands[strand.strand] = strand
        self.loaded_versions[strand.strand] = strand.version
        self.strands_of.setdefault(strand.fingerprint, []).append(strand)

    def move_strand(self, strand: Strand, fingerprint: bytes, counted: int) -> None:
        """To another alert, with all its sightings. Tickets keep the *counted* ones that they had:
        none gains or loses by it.
        """
        former = strand.fingerprint
        self._shift(former, -counted)
        self._shift(fingerprint, counted)
        strand.fingerprint = fingerprint
        self.strands_of[former] = [one for one in self.strands_of[former] if one is not strand]
        self.strands_of.setdefault(fingerprint, []).append(strand)
        self.renamed_strands.add(strand.strand)
        self.void(former)
        self.void(fingerprint)

    def _shift(self, fingerprint: bytes, counted: int) -> None:
        """The alert has so many sightings more, and they are not its ticket's."""
        alert = self.alerts.get(fingerprint)
        if alert is None or alert.ticket_id is None:
            return
        place = alert.ticket_id, fingerprint
        if place in self.links:
            self.links[place].before += counted
        else:
            self.shifts[place] += counted

    def occurrences(self, fingerprint: bytes) -> int:
        """Sightings of the alert so far."""
        return sum(strand.occurrences for strand in self.strands_of.get(fingerprint, ()))

    def void(self, fingerprint: bytes) -> None:
        """What processes remember of the alert's strands holds no longer."""
        self.changed_alerts.add(fingerprint)
        self.voided_alerts.add(fingerprint)

    def report(self, strand: bytes, source: str, seen: Report) -> None:
        """Note what a source said; leases and times are greatests."""
        known = self.reports.get((strand, source))
        if known is None:
            self.reports[strand, source] = seen
            return
        known.source_fingerprint, known.url = seen.source_fingerprint, seen.url
        known.lease_until = max(known.lease_until, seen.lease_until)
        known.last_seen = later(known.last_seen, seen.last_seen) or seen.last_seen

    def save(self, change: Change[Ticket] | Change[Silence]) -> None:
        """Keep a change: the noun as it now is, its history and its events."""
        after = change.after
        if isinstance(after, Ticket) and after == self.tickets.get(after.id):
            self.count(after)
        elif isinstance(after, Ticket):
            self._mark(after.id, self.tickets, self.new_tickets, self.changed_tickets)
            self.tickets[after.id] = after
        else:
            self._mark(after.id, self.silences, self.new_silences, self.changed_silences)
            self.silences[after.id] = after
        self.changes.append(change)

    def _mark(self, key: Key, known: Mapping[Key, object], new: set[Key], moved: set[Key]) -> None:
        if key not in known:
            new.add(key)
        moved.add(key)

    def save_comment(self, change: CommentChange) -> None:
        """Keep a comment, what it said before, and the history of its ticket."""
        comment = change.comment
        self._mark(comment.id, self.comments, self.new_comments, self.changed_comments)
        self.comments[comment.id] = comment
        if change.hides:
            self.hidden_comments.add(comment.id)
        if change.former is not None:
            self.new_revisions.append(change.former)
            self.revisions_of[comment.id] = change.former.number
        self.save(change.of_ticket)

    def save_person(self, change: PersonChange) -> None:
        """Keep a user with its roles and groups."""
        self.people.people[change.person.user.id] = change.person
        self.changes.append(change.of_user)

    def save_token(self, change: Change[Token]) -> None:
        """Keep a token."""
        self.people.tokens[change.after.id] = change.after
        self.changes.append(change)

    def declare(self, change: DeclaredChange) -> None:
        """Keep what is declared now, and its history."""
        self.declared.append(change)
        self.changes.append(change.of)

    def join(self, ticket_id: str, fingerprint: bytes, now: datetime) -> None:
        """An alert joins a live ticket; all that do so in this batch are one history entry."""
        known = self.joins.setdefault(ticket_id, Joins(len(self.changes), now, []))
        known.fingerprints.append(fingerprint)

    def count(self, ticket: Ticket) -> None:
        """Keep what alerts did to a ticket: no edit, and no history."""
        self.tickets[ticket.id] = ticket
        self.counted_tickets.add(ticket.id)
