"""What a configuration wants to be declared, for every tenant or for some."""

from collections.abc import Mapping, Sequence

import msgspec

from gateway.declarations.declaration import Declaration, DeclarationKind, Named
from gateway.declarations.kinds import plain, read
from gateway.declarations.shipped import SHIPPED
from gateway.sla.calendar import Calendar


class ConfiguredDeclaration(msgspec.Struct, frozen=True):
    """One declaration, and the names of the tenants that it is for; empty: all."""

    declaration: Declaration
    tenants: tuple[str, ...] = ()


class ConfiguredDeclarations(msgspec.Struct, frozen=True):
    """A policy's calendar is put into it here, since tenants may have different ones of a name."""

    entries: tuple[ConfiguredDeclaration, ...] = ()

    def of(self, tenant: str) -> Sequence[Declaration]:
        """In their order. What names the tenant outweighs what is for all."""
        found = self._found(tenant)
        calendars = {
            named.name: read(named.kind, one.written)
            for named, one in found.items()
            if named.kind is DeclarationKind.CALENDAR
        }
        return [_whole(one, calendars) for one in found.values()]

    def names(self, tenant: str) -> Mapping[DeclarationKind, set[str]]:
        """Of what the tenant has, shipped ones too."""
        found: dict[DeclarationKind, set[str]] = {kind: set() for kind in DeclarationKind}
        for named in (*SHIPPED, *self._found(tenant)):
            found[named.kind].add(named.name)
        return found

    def tenants(self) -> Sequence[str]:
        """All that are named, and "" for any other."""
        return ["", *sorted({name for one in self.entries for name in one.tenants})]

    def _found(self, tenant: str) -> Mapping[Named, Declaration]:
        for_all = [one.declaration for one in self.entries if not one.tenants]
        for_one = [one.declaration for one in self.entries if tenant in one.tenants]
        return {one.named: one for one in (*for_all, *for_one)}


def _whole(one: Declaration, calendars: Mapping[str, Calendar]) -> Declaration:
    if one.kind is not DeclarationKind.POLICY:
        return one
    policy = read(one.kind, one.written)
    inside = msgspec.structs.replace(policy, hours=calendars.get(policy.calendar))
    return msgspec.structs.replace(one, written=plain(inside))
