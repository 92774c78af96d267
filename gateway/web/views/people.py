"""How users, groups and tokens look. Hashes are shown to nobody."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.access.permission import ProjectRole, Role
from gateway.access.principal import Principal
from gateway.people.person import Person, RightsOrigin
from gateway.people.token import NewToken, Token
from gateway.people.view import GroupSize
from gateway.web.views.words import Count, Time, about

UserId = Annotated[str, Meta(pattern=r"^u_[0-9a-f]{26}$")]
TokenId = Annotated[str, Meta(pattern=r"^t_[0-9A-Za-z]{8}$")]
Handle = Annotated[str, Meta(pattern=r"^[a-z0-9._-]{1,39}$")]
_Project = Annotated[str, about("The project's key; empty: in the whole tenant.")]


class ShownGrant(Struct, frozen=True, kw_only=True, gc=False):
    """A role that a user holds."""

    role: str
    project: _Project
    origin: Annotated[RightsOrigin, about("`oidc`: given anew, or taken, at each login.")]


class ShownMembership(Struct, frozen=True, kw_only=True, gc=False):
    """A group that a user is in."""

    group: str
    origin: RightsOrigin


class ShownUser(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who may work here. History and tickets name them by id."""

    id: UserId
    handle: Handle
    name: str
    email: str
    time_zone: str
    created_at: Time
    disabled_at: Annotated[Time | None, about("Since then they can do nothing.")]
    role: Annotated[Role, about("The strongest in the tenant; `nobody` without one.")]
    roles: list[ShownGrant]
    groups: list[ShownMembership]


class ShownHandle(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody who can be assigned or mentioned: what is no secret among those who work here."""

    id: UserId
    handle: Handle
    name: str
    groups: list[str]


class ShownMember(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody in a project."""

    id: UserId
    handle: Handle
    name: str
    role: Annotated[ProjectRole | None, about("The strongest there.")]


class ShownGroup(Struct, frozen=True, kw_only=True, gc=False):
    """A group is there as long as somebody is in it."""

    name: str
    members: Count


class ShownToken(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a token: not its secret."""

    id: TokenId
    name: str
    role: Annotated[str, about("Of a token of nobody; empty: it has what its user has.")]
    source: Annotated[str, about("A sender's: for that source alone; empty: for any.")]
    user_id: UserId | None
    created_by: str
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None


class MadeToken(Struct, frozen=True, kw_only=True, gc=False):
    """A token just made."""

    token: ShownToken
    text: Annotated[
        str | None,
        about(
            "`agw_…`, to be presented. It is shown this once: null where the request is sent again"
            " under its Idempotency-Key. Then revoke the token and make another."
        ),
    ]


class ShownMe(Struct, frozen=True, kw_only=True, gc=False):
    """Who asks."""

    actor: Annotated[str, about("As history names them.")]
    role: Role
    projects: Annotated[dict[str, ProjectRole], about("Roles in projects, by key.")]
    groups: list[str]
    user: Annotated[ShownUser | None, about("Null: a token of nobody, or somebody local.")]


def show_user(one: Person) -> ShownUser:
    """With roles and groups."""
    user = one.user
    return ShownUser(
        id=user.id,
        handle=user.handle,
        name=user.name,
        email=user.email,
        time_zone=user.time_zone,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
        role=one.role,
        roles=[
            ShownGrant(role=grant.role, project=grant.project, origin=grant.origin)
            for grant in one.grants
        ],
        groups=[
            ShownMembership(group=group.group_name, origin=group.origin) for group in one.groups
        ],
    )


def show_handle(one: Person) -> ShownHandle:
    """Without address and roles."""
    return ShownHandle(
        id=one.user.id,
        handle=one.user.handle,
        name=one.user.name,
        groups=[group.group_name for group in one.groups],
    )


def show_member(one: Person, project: str) -> ShownMember:
    """Without address, and without roles elsewhere."""
    user = one.user
    return ShownMember(
        id=user.id, handle=user.handle, name=user.name, role=one.projects.get(project)
    )


def show_group(one: GroupSize) -> ShownGroup:
    """As in lists."""
    return ShownGroup(name=one.name, members=one.members)


def show_token(one: Token) -> ShownToken:
    """As in lists."""
    return ShownToken(
        id=one.id,
        name=one.name,
        role=one.role,
        source=one.source,
        user_id=one.user_id,
        created_by=one.created_by,
        created_at=one.created_at,
        expires_at=one.expires_at,
        revoked_at=one.revoked_at,
        last_used_at=one.last_used_at,
    )


def show_made(one: NewToken) -> MadeToken:
    """With its text, if this is the first answer."""
    return MadeToken(token=show_token(one.token), text=one.text or None)


def show_me(principal: Principal, person: Person | None) -> ShownMe:
    """*person*: the principal's user."""
    return ShownMe(
        actor=principal.actor,
        role=principal.role,
        projects=dict(principal.projects),
        groups=sorted(principal.groups),
        user=show_user(person) if person else None,
    )
