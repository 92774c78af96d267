"""What is declared where nobody has declared anything: each can be overridden by its name."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.declarations.approval import Approval
from gateway.declarations.declaration import Declaration, DeclarationKind, DeclarationOrigin, Named
from gateway.declarations.kinds import plain
from gateway.sla.policy import Policy, Target
from gateway.tickets.fields import SHIPPED_FIELDS, Field
from gateway.workflows.book import SHIPPED_BODIES

_POLICY = Policy(
    name="default",
    targets={
        "critical": Target(response="5m", resolution="2h"),
        "high": Target(response="30m", resolution="8h"),
        "medium": Target(response="2h", resolution="1d"),
        "low": Target(response="1d", resolution="5d"),
    },
)


def _field(field: Field) -> Mapping[str, Any]:
    body = {"name": field.name, "type": str(field.type), "types": [str(one) for one in field.types]}
    return {**body, "choices": list(field.choices)} if field.choices else body


def _shipped(kind: DeclarationKind, bodies: Sequence[Mapping[str, Any]]) -> list[Declaration]:
    return [
        Declaration(
            kind=kind,
            name=body["name"],
            written=body,
            origin=DeclarationOrigin.SHIPPED,
            place=BEHIND + number,
        )
        for number, body in enumerate(bodies)
    ]


BEHIND = 10_000
"""Places of what is shipped: behind all that a configuration lists."""
_ALL = (
    *_shipped(DeclarationKind.WORKFLOW, SHIPPED_BODIES),
    *_shipped(DeclarationKind.APPROVAL, [plain(Approval(name="cab", seats=("group:cab",)))]),
    *_shipped(DeclarationKind.POLICY, [plain(_POLICY)]),
    *_shipped(DeclarationKind.FIELD, [*map(_field, SHIPPED_FIELDS.values())]),
)
SHIPPED: Mapping[Named, Declaration] = {one.named: one for one in _ALL}
