"""What may be done, and which role may do it. Denied by default: a role holds what is listed."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """Asked for by each endpoint and each command; neither has one by default."""

    PROBE = "probe"
    """Liveness and readiness: nobody is asked who they are."""
    METRICS_READ = "metrics.read"
    INTAKE = "intake"
    ALERTS_READ = "alerts.read"
    """Explanations too."""
    ALERTS_TRIAGE = "alerts.triage"
    SILENCES_READ = "silences.read"
    SILENCES_WRITE = "silences.write"
    TICKETS_READ = "tickets.read"
    TICKETS_CREATE = "tickets.create"
    TICKETS_EDIT = "tickets.edit"
    TICKETS_STEP = "tickets.step"
    COMMENTS_READ = "comments.read"
    COMMENTS_WRITE = "comments.write"
    DEAD_LETTERS_READ = "dead_letters.read"
    DEAD_LETTERS_REPLAY = "dead_letters.replay"
    DESCRIPTION_READ = "description.read"
    DUTY = "duty"
    """What time brings about: no request has it."""


class Role(StrEnum):
    """What a principal is. The holder of the static token, and everybody local, is an admin."""

    ADMIN = "admin"
    SYSTEM = "system"
    """The gateway itself, doing what time brings about."""


GRANTED: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission) - {Permission.DUTY},
    Role.SYSTEM: frozenset({Permission.DUTY}),
}
