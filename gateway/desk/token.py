"""Tokens are made and revoked: one's own by anybody, those of others and of roles by admins."""

from datetime import datetime
from typing import ClassVar

import msgspec

from gateway.access.permission import Permission, Role
from gateway.access.principal import Principal
from gateway.access.token import OF_ROLE, OF_USER, mint
from gateway.changes.command import Needs
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict, FieldError, Forbidden, NotFound, Refused
from gateway.people.change import issue_token, revoke_token
from gateway.people.token import ROLES_OF_TOKENS, NewToken, Token


class CreateToken(msgspec.Struct, frozen=True, kw_only=True):
    """Of a *user* (an id, or a handle as `@anna` names it), or of a *role* alone: one of both."""

    permission: ClassVar[Permission] = Permission.OWN_TOKENS
    answers: ClassVar[type] = NewToken

    name: str
    user: str = ""
    role: str = ""
    source: str = ""
    """A sender's: for that source alone."""
    expires_at: datetime | None = None

    def needs(self) -> Needs:
        """The user."""
        return Needs(people=(self.user,) if self.user else (), changes_people=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> NewToken:
        """Its text is in this answer, and nowhere else ever after."""
        user_id = self._user_of(rows, by)
        self._check(now)
        minted = mint(OF_USER if self.user else OF_ROLE)
        token = Token(
            id=minted.id,
            name=self.name,
            hash=minted.digest,
            role=self.role,
            source=self.source,
            user_id=user_id,
            created_by=by.actor,
            created_at=now,
            expires_at=self.expires_at,
        )
        rows.save_token(issue_token(token))
        return NewToken(token=token, text=minted.text)

    def _user_of(self, rows: WorkingSet, by: Principal) -> str | None:
        """Asked what they may first, so that nobody learns by this who there is."""
        person = rows.people.find(self.user) if self.user else None
        is_own = person is not None and person.user.id == by.user
        if not is_own and not by.may(Permission.PEOPLE_WRITE):
            raise Forbidden(
                "only admins make tokens for others: make one of your own", code="own_tokens_only"
            )
        if not self.user:
            return None
        user = rows.people.get(self.user).user
        if not user.enabled:
            raise Conflict(f"@{user.handle} is disabled", code="user_disabled")
        return user.id

    def _check(self, now: datetime) -> None:
        if bool(self.user) == bool(self.role):
            raise _bad("/role", "a token is of a user, or it holds a role: give one of both")
        if self.role and self.role not in ROLES_OF_TOKENS:
            raise _bad("/role", f"a token's role is one of {', '.join(ROLES_OF_TOKENS)}")
        if self.source and self.role != Role.SENDER:
            raise _bad("/source", "a source is for tokens of the role sender alone")
        if self.expires_at is not None and self.expires_at <= now:
            raise _bad("/expires_at", "a token's end must lie ahead")


class RevokeToken(msgspec.Struct, frozen=True, kw_only=True):
    """It holds no longer; doing it again is fine."""

    permission: ClassVar[Permission] = Permission.OWN_TOKENS
    answers: ClassVar[type] = Token

    token_id: str

    def needs(self) -> Needs:
        """The token."""
        return Needs(token=self.token_id, changes_people=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Token:
        """One of somebody else is not found, but by an admin."""
        token = rows.people.tokens[self.token_id]
        is_own = bool(by.user) and token.user_id == by.user
        if not is_own and not by.may(Permission.PEOPLE_WRITE):
            raise NotFound(f"no token {self.token_id}")
        change = revoke_token(token, by.actor, now)
        if change is not None:
            rows.save_token(change)
        return rows.people.tokens[self.token_id]


def _bad(pointer: str, detail: str) -> Refused:
    return Refused(detail, code="bad_token", errors=(FieldError(pointer, detail),))
