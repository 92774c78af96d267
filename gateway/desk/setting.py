"""An admin declares what no configuration does: policies, calendars, the priority matrix."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.command import Needs, StaleVersion
from gateway.declarations.declaration import Declaration, DeclarationKind, DeclarationOrigin, Named
from gateway.declarations.declared import AllDeclared, Declared, declare, withdraw
from gateway.declarations.kinds import normal, plain, read
from gateway.declarations.mistakes import BadBody
from gateway.declarations.reconcile import following
from gateway.declarations.shipped import SHIPPED
from gateway.effects.working_set import WorkingSet
from gateway.errors import Conflict, FieldError, NotFound, Refused, pointer_to
from gateway.sla.calendar import Calendar, check_calendar
from gateway.sla.policy import Policy, check_policy


class DeclareSetting(msgspec.Struct, frozen=True, kw_only=True):
    """A new version, or one that was there before. *version*: the one that was seen."""

    permission: ClassVar[Permission] = Permission.SETTINGS_WRITE
    answers: ClassVar[type] = Declared

    kind: DeclarationKind
    name: str
    body: Mapping[str, Any]
    version: int | None = None

    def needs(self) -> Needs:
        """All that is declared."""
        return Needs(declarations=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> Declared:
        """Refuses a name that a configuration declares, and a body that could never work."""
        standing = rows.standing
        before = _ours(standing, Named(self.kind, self.name), self.version)
        body = _checked(standing, self.kind, self.body)
        wanted = Declaration(
            kind=self.kind, name=self.name, written=body, origin=DeclarationOrigin.API
        )
        _declare(rows, wanted, by, now)
        if self.kind is DeclarationKind.CALENDAR:
            for policy in following(standing, read(self.kind, body)):
                _declare(rows, policy, by, now)
        changed = {one.of.after.named: one.of.after for one in rows.declared}
        after = changed.get(wanted.named, before)
        assert after is not None, "it is declared now, or was so before"
        # A version that was there before lies in storage whole.
        return (
            after if after.body else msgspec.structs.replace(after, body=msgspec.json.encode(body))
        )


class WithdrawSetting(msgspec.Struct, frozen=True, kw_only=True):
    """Declared no more; what is shipped under the name is declared again."""

    permission: ClassVar[Permission] = Permission.SETTINGS_WRITE
    answers: ClassVar[type] = type(None)

    kind: DeclarationKind
    name: str
    version: int | None = None

    def needs(self) -> Needs:
        """All that is declared."""
        return Needs(declarations=True)

    def decide(self, rows: WorkingSet, by: Principal, now: datetime) -> None:
        """Refuses a name that nobody declares, or a configuration, or whose calendar is needed."""
        named = Named(self.kind, self.name)
        before = _ours(rows.standing, named, self.version)
        if before is None or before.current is None or before.origin is not DeclarationOrigin.API:
            raise NotFound(f"no {self.kind} named {self.name} is declared here")
        if self.kind is DeclarationKind.CALENDAR:
            _refuse_needed(rows.standing, self.name)
        if named in SHIPPED:
            _declare(rows, SHIPPED[named], by, now)
            return
        change = withdraw(before, by.actor, now)
        if change is not None:
            rows.declare(change)


def _declare(rows: WorkingSet, wanted: Declaration, by: Principal, now: datetime) -> None:
    change = declare(rows.standing, wanted, by.actor, now)
    if change is not None:
        rows.declare(change)


def _ours(standing: AllDeclared, named: Named, version: int | None) -> Declared | None:
    """What is there under the name; raises Conflict if it is a configuration's, or not as seen."""
    before = standing.declared.get(named)
    if (
        before is not None
        and before.current is not None
        and before.origin is DeclarationOrigin.CONFIG
    ):
        raise Conflict(
            f"{named.name} is declared in the configuration, and can be changed there alone",
            code="declared_in_config",
        )
    current = before.current if before else None
    if version is not None and version != current:
        raise StaleVersion(
            f"{named.name} is at version {current or 0}, not {version}", code="stale_setting"
        )
    return before


def _checked(
    standing: AllDeclared, kind: DeclarationKind, body: Mapping[str, Any]
) -> Mapping[str, Any]:
    try:
        noun = read(kind, body)
    except BadBody as error:
        inside = ("cells",) if kind is DeclarationKind.PRIORITY_MATRIX else ()
        raise _refused([(inside + place, text) for place, text in error.mistakes]) from error
    except ValueError as error:
        raise _refused([((), str(error))]) from error
    if isinstance(noun, Calendar):
        wrong = list(check_calendar(noun))
    elif isinstance(noun, Policy):
        calendars = _calendars(standing)
        wrong = list(check_policy(noun, calendars))
        noun = msgspec.structs.replace(noun, hours=calendars.get(noun.calendar))
    else:
        return normal(kind, body)
    if wrong:
        raise _refused([((field,), message) for field, message in wrong])
    return plain(noun)


def _calendars(standing: AllDeclared) -> Mapping[str, Calendar]:
    return {
        one.name: read(one.of, msgspec.json.decode(one.body))
        for one in standing.declared.values()
        if one.of is DeclarationKind.CALENDAR and one.current is not None
    }


def _refuse_needed(standing: AllDeclared, calendar: str) -> None:
    for one in standing.declared.values():
        if one.of is DeclarationKind.POLICY and one.current is not None:
            policy = read(one.of, msgspec.json.decode(one.body))
            if policy.calendar == calendar:
                raise Conflict(f"the policy {one.name} is of this calendar", code="setting_in_use")


def _refused(wrong: list[tuple[tuple[str | int, ...], str]]) -> Refused:
    errors = tuple(FieldError(pointer_to(place), message) for place, message in wrong)
    return Refused("it could not be declared", "invalid_setting", errors)
