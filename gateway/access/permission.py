"""What may be done, and which role may do it. Denied by default: a role holds what is listed."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Permission(StrEnum):
    """Asked for by each endpoint and each command; neither has one by default."""

    PROBE = "probe"
    """Liveness and readiness: nobody is asked who they are."""
    METRICS_READ = "metrics.read"
    DESCRIPTION_READ = "description.read"
    INTAKE = "intake"
    ALERTS_READ = "alerts.read"
    """Explanations too."""
    ALERTS_TRIAGE = "alerts.triage"
    SILENCES_READ = "silences.read"
    SILENCES_WRITE = "silences.write"
    TICKETS_READ = "tickets.read"
    TICKETS_CREATE = "tickets.create"
    TICKETS_EDIT = "tickets.edit"
    TICKETS_ASSIGN = "tickets.assign"
    TICKETS_STEP = "tickets.step"
    """To ask for a step: the workflow says who may take which."""
    TICKETS_ESCALATE = "tickets.escalate"
    """And to stand down."""
    TICKETS_RELOCATE = "tickets.relocate"
    """Out of a state that the workflow has no longer."""
    TICKETS_LINK = "tickets.link"
    """Links and references."""
    TICKETS_WATCH = "tickets.watch"
    COMMENTS_READ = "comments.read"
    COMMENTS_WRITE = "comments.write"
    COMMENTS_INTERNAL = "comments.internal"
    """Internal ones too, with either of the two."""
    DECLARATIONS_READ = "declarations.read"
    """Workflows, fields, projects."""
    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    PEOPLE_READ = "people.read"
    """Users, groups, roles and tokens of all; handles alone are no secret to who may assign."""
    PEOPLE_WRITE = "people.write"
    PROJECT_MEMBERS = "projects.members"
    """To see and to name the viewers and members of a project."""
    OWN_TOKENS = "tokens.own"
    AUDIT_READ = "audit.read"
    DEAD_LETTERS_READ = "dead_letters.read"
    DEAD_LETTERS_REPLAY = "dead_letters.replay"
    DUTY = "duty"
    """What time brings about: no request has it."""


class Role(StrEnum):
    """What a principal is, everywhere in its tenant."""

    NOBODY = "nobody"
    """A user without a role in the tenant: has what its projects give, and no more."""
    SENDER = "sender"
    """Delivers alerts, and can do nothing else."""
    REQUESTER = "requester"
    """Asks for things, and sees what it asked for."""
    AUDITOR = "auditor"
    """Reads nearly everything, redacted, and changes nothing."""
    OPERATOR = "operator"
    ADMIN = "admin"
    SYSTEM = "system"
    """The gateway itself, doing what time brings about."""


_P = Permission
_NOBODY = frozenset({_P.DESCRIPTION_READ, _P.OWN_TOKENS})
_REQUESTER = _NOBODY | (
    {
        _P.TICKETS_READ, _P.TICKETS_CREATE, _P.TICKETS_EDIT, _P.TICKETS_STEP, _P.TICKETS_WATCH,
        _P.COMMENTS_READ, _P.COMMENTS_WRITE,
    }
)  # fmt: skip
_AUDITOR = frozenset(
    {
        _P.DESCRIPTION_READ, _P.METRICS_READ, _P.ALERTS_READ, _P.SILENCES_READ, _P.TICKETS_READ,
        _P.COMMENTS_READ, _P.DECLARATIONS_READ, _P.AUDIT_READ, _P.DEAD_LETTERS_READ,
        _P.OWN_TOKENS,
    }
)  # fmt: skip
_OPERATOR = (
    _REQUESTER
    | _AUDITOR
    | {
        _P.ALERTS_TRIAGE, _P.SILENCES_WRITE, _P.TICKETS_ASSIGN, _P.TICKETS_ESCALATE,
        _P.TICKETS_LINK, _P.COMMENTS_INTERNAL, _P.DEAD_LETTERS_REPLAY,
    }
)  # fmt: skip

GRANTED: Mapping[Role, frozenset[Permission]] = {
    Role.NOBODY: _NOBODY,
    Role.SENDER: frozenset({_P.INTAKE}),
    Role.REQUESTER: _REQUESTER,
    Role.AUDITOR: _AUDITOR,
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: frozenset(Permission) - {_P.DUTY},
    Role.SYSTEM: frozenset({_P.DUTY}),
}


class ProjectRole(StrEnum):
    """What a principal is in one project, beside its role in the tenant."""

    VIEWER = "viewer"
    """Reads the project, internal comments too."""
    MEMBER = "member"
    """An operator there."""
    LEAD = "lead"
    """A member who also names members and relocates."""


_IN_PROJECTS = frozenset(
    {
        _P.TICKETS_READ, _P.TICKETS_CREATE, _P.TICKETS_EDIT, _P.TICKETS_ASSIGN, _P.TICKETS_STEP,
        _P.TICKETS_ESCALATE, _P.TICKETS_RELOCATE, _P.TICKETS_LINK, _P.TICKETS_WATCH,
        _P.COMMENTS_READ, _P.COMMENTS_WRITE, _P.COMMENTS_INTERNAL, _P.DECLARATIONS_READ,
    }
)  # fmt: skip
"""What a role in a project can be about: alerts, silences and people are of no project."""
GRANTED_IN_PROJECT: Mapping[ProjectRole, frozenset[Permission]] = {
    ProjectRole.VIEWER: frozenset(
        {_P.TICKETS_READ, _P.COMMENTS_READ, _P.COMMENTS_INTERNAL, _P.DECLARATIONS_READ}
    ),
    ProjectRole.MEMBER: _OPERATOR & _IN_PROJECTS,
    ProjectRole.LEAD: (_OPERATOR & _IN_PROJECTS) | {_P.TICKETS_RELOCATE, _P.PROJECT_MEMBERS},
}

_WEAKEST_FIRST = (Role.NOBODY, Role.SENDER, Role.REQUESTER, Role.AUDITOR, Role.OPERATOR, Role.ADMIN)


def strongest(names: Iterable[str]) -> Role:
    """Of the roles that somebody was granted, by their names; NOBODY without one. What a later
    release has called a role is none, and nobody is granted to be the gateway itself.
    """
    held = frozenset(names)
    return next((role for role in reversed(_WEAKEST_FIRST) if role in held), Role.NOBODY)
