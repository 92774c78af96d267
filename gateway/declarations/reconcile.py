"""Reconciling a tenant: what a configuration wants to be declared against what is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from gateway.declarations.declaration import Declaration, DeclarationKind, DeclarationOrigin, Named
from gateway.declarations.declared import (
    SYSTEM,
    AllDeclared,
    Declared,
    DeclaredChange,
    declare,
    withdraw,
)
from gateway.declarations.kinds import plain, read
from gateway.declarations.shipped import SHIPPED
from gateway.sla.calendar import Calendar


def reconcile(
    standing: AllDeclared, wanted: Sequence[Declaration], revision: int, now: datetime
) -> list[DeclaredChange]:
    """What makes *wanted*, and what is shipped, be declared, and nothing else of a configuration.

    Of a lower *revision* than what is declared: nothing.
    """
    if revision < standing.revision:
        return []
    complete = _with_shipped(standing, wanted)
    changes = [declare(standing, one, SYSTEM, now, revision) for one in complete.values()]
    for named, one in standing.declared.items():
        if named not in complete and one.origin is not DeclarationOrigin.API:
            changes.append(withdraw(one, SYSTEM, now))
    for calendar in wanted:
        if calendar.kind is DeclarationKind.CALENDAR:
            changes += [
                declare(standing, policy, SYSTEM, now, revision)
                for policy in following(standing, read(calendar.kind, calendar.written))
                if policy.named not in complete
            ]
    return [change for change in changes if change is not None]


def following(standing: AllDeclared, calendar: Calendar) -> Iterator[Declaration]:
    """Policies of the API that have *calendar* inside, as they are with it as it is now."""
    for one in standing.declared.values():
        if one.of is DeclarationKind.POLICY and one.origin is DeclarationOrigin.API and one.current:
            policy = read(one.of, msgspec.json.decode(one.body))
            if policy.calendar == calendar.name:
                now_so = plain(msgspec.structs.replace(policy, hours=calendar))
                yield Declaration(
                    kind=one.of, name=one.name, written=now_so, origin=one.origin, place=one.place
                )


def differs(declared: Mapping[Named, Declared], wanted: Sequence[Declaration]) -> bool:
    """Is something else declared than what is *wanted*, and shipped?"""
    theirs = {named: one for named, one in declared.items() if one.current is not None}
    ours = _with_shipped(AllDeclared(declared=theirs), wanted)
    from_config = {
        named for named, one in theirs.items() if one.origin is not DeclarationOrigin.API
    }
    return from_config - ours.keys() != set() or any(
        named not in theirs or theirs[named].checksum != one.checksum for named, one in ours.items()
    )


def _with_shipped(
    standing: AllDeclared, wanted: Sequence[Declaration]
) -> Mapping[Named, Declaration]:
    """What is shipped gives way to a name of the API too."""
    shipped = {
        named: one for named, one in SHIPPED.items() if not _is_of_api(standing.declared.get(named))
    }
    return {**shipped, **{one.named: one for one in wanted}}


def _is_of_api(one: Declared | None) -> bool:
    return one is not None and one.origin is DeclarationOrigin.API and one.current is not None
