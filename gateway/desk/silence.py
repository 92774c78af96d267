"""A person silences: begins, edits and ends a silence."""

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs
from gateway.effects.working_set import WorkingSet
from gateway.silences.change import begin_silence, edit_silence, end_silence
from gateway.silences.silence import Silence, checked_matchers


class BeginSilence(msgspec.Struct, frozen=True, kw_only=True):
    """*starts_at* None or past: now. *author* empty: who asks. *longest*: as configured."""

    permission: ClassVar[Permission] = Permission.SILENCES_WRITE
    answers: ClassVar[type] = Silence

    matchers: str
    ends_at: datetime
    starts_at: datetime | None = None
    author: str = ""
    comment: str = ""
    longest: timedelta | None = None

    def needs(self) -> Needs:
        """Nothing that exists."""
        return Needs()

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Silence:
        """Refuses bad matchers and bad spans."""
        silence = Silence(
            id=uuid4(),
            matchers=checked_matchers(self.matchers),
            starts_at=max(self.starts_at or now, now),
            ends_at=self.ends_at,
            author=self.author or by.actor,
            comment=self.comment,
            created_at=now,
            updated_at=now,
        )
        rows.save(begin_silence(silence, by.actor, self.longest))
        return silence


class EditSilence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is None stays as it is."""

    permission: ClassVar[Permission] = Permission.SILENCES_WRITE
    answers: ClassVar[type] = Silence

    silence_id: UUID
    matchers: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    author: str | None = None
    comment: str | None = None
    longest: timedelta | None = None

    def needs(self) -> Needs:
        """The silence."""
        return Needs(silence=self.silence_id)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Silence:
        """Refuses what has ended, bad matchers and bad spans."""
        given = {
            "matchers": None if self.matchers is None else checked_matchers(self.matchers),
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "author": self.author,
            "comment": self.comment,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        before = rows.silences[self.silence_id]
        change = edit_silence(before, changes, by.actor, now, self.longest)
        if change is not None:
            rows.save(change)
        return rows.silences[self.silence_id]


class EndSilence(msgspec.Struct, frozen=True, kw_only=True):
    """It ends now; ending it again is fine."""

    permission: ClassVar[Permission] = Permission.SILENCES_WRITE
    answers: ClassVar[type] = Silence

    silence_id: UUID

    def needs(self) -> Needs:
        """The silence."""
        return Needs(silence=self.silence_id)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Silence:
        """What it held and still fires gets its ticket, by the clock of silences."""
        change = end_silence(rows.silences[self.silence_id], by.actor, now)
        if change is not None:
            rows.save(change)
        return rows.silences[self.silence_id]
