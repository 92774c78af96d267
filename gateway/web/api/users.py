"""`/api/v1/users` and `/api/v1/me`: who there is, and which roles they hold."""

from typing import Annotated, NamedTuple

from msgspec import UNSET, Meta, UnsetType

from gateway.access.permission import Permission
from gateway.changes.perform import Perform
from gateway.desk.role import GrantRole, RevokeRole
from gateway.desk.user import AddUser, EditUser
from gateway.people.user import USER_ID
from gateway.people.view import PeopleReader
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form
from gateway.web.http.paging import PageForm, part_of
from gateway.web.openapi.parameters import ACTOR, KEY, LOCATION, ROLE, USER
from gateway.web.openapi.refusals import OWN_ROLE, PEOPLE_CONFLICT
from gateway.web.views.page import Page
from gateway.web.views.people import (
    Handle,
    ShownHandle,
    ShownMe,
    ShownUser,
    show_handle,
    show_me,
    show_user,
)
from gateway.web.views.words import about

_Words = Annotated[str, Meta(max_length=200)]
_GivenHandle = Annotated[
    Handle, about("Of the form a-z 0-9 . _ -; what `@anna` means in texts. Not `me` or `system`.")
]
_TimeZone = Annotated[str, Meta(max_length=64), about("An IANA name, as in `Europe/Berlin`.")]
_GivenProject = Annotated[
    str, Meta(max_length=10), about("The key of a project; empty: in the whole tenant.")
]


class UsersCursor(NamedTuple):
    """The last user shown."""

    handle: str


class HandlesForm(PageForm, frozen=True):
    """Whom one looks for."""

    q: Annotated[
        str, Meta(max_length=40), about("What the handle begins with; a leading `@` is ignored.")
    ] = ""


class NewUser(Form, frozen=True):
    """Somebody who shall work here."""

    handle: _GivenHandle
    name: _Words = ""
    email: _Words = ""
    time_zone: _TimeZone = ""
    role: Annotated[str, about("In the tenant: requester, auditor, operator or admin.")] = ""


class UserEdit(Form, frozen=True):
    """Only what shall change."""

    handle: _GivenHandle | UnsetType = UNSET
    name: _Words | UnsetType = UNSET
    email: _Words | UnsetType = UNSET
    time_zone: _TimeZone | UnsetType = UNSET
    disabled: Annotated[
        bool | UnsetType, about("Disabled users lose their tokens at once, and stay for history.")
    ] = UNSET


class RoleGrant(Form, frozen=True):
    """A role that a user shall hold."""

    role: Annotated[
        str,
        about("In the tenant: requester, auditor, operator or admin; in a project: viewer, member"
              " or lead."),
    ]  # fmt: skip
    project: _GivenProject = ""


class RoleForm(Form, frozen=True):
    """Where the role is held."""

    project: _GivenProject = ""


class UserHandlers:
    """Administrators and users."""

    def __init__(self, reader: PeopleReader, perform: Perform) -> None:
        self._reader = reader
        self._perform = perform

    async def me(self, call: WebCall[Nothing]) -> Answer[ShownMe]:
        """Who asks, and what they are here."""
        one = call.principal
        person = await self._reader.person(one.tenant, one.user) if one.user else None
        return json_answer(show_me(one, person))

    async def list(self, call: WebCall[PageForm]) -> Answer[Page[ShownUser]]:
        """Users, by handle."""
        part = part_of(call, UsersCursor)
        after = part.after.handle if part.after else ""
        found = await self._reader.page(call.tenant, "", after, part.fetch)
        return json_answer(part.page(found, lambda one: UsersCursor(one.user.handle), show_user))

    async def handles(self, call: WebCall[HandlesForm]) -> Answer[Page[ShownHandle]]:
        """Who can be assigned or mentioned, by handle.

        Disabled users are left out.
        """
        part = part_of(call, UsersCursor)
        after = part.after.handle if part.after else ""
        beginning = call.form.q.removeprefix("@").lower()
        found = await self._reader.enabled(call.tenant, beginning, after, part.fetch)
        return json_answer(part.page(found, lambda one: UsersCursor(one.user.handle), show_handle))

    async def detail(self, call: WebCall[Nothing]) -> Answer[ShownUser]:
        """One user, with roles and groups."""
        return json_answer(show_user(await self._reader.person(call.tenant, user_in(call))))

    async def create(self, call: WebCall[NewUser]) -> Answer[ShownUser]:
        """Add a user.

        Who has no role in the tenant can do nothing but what roles in projects allow.
        """
        form = call.form
        command = AddUser(
            handle=form.handle,
            name=form.name,
            email=form.email,
            time_zone=form.time_zone,
            role=form.role,
        )
        person = await self._perform(command, call.principal, call.key)
        headers = {"Location": f"/api/v1/users/{person.user.id}"}
        return json_answer(show_user(person), status=201, headers=headers)

    async def edit(self, call: WebCall[UserEdit]) -> Answer[ShownUser]:
        """Change a user, disable or enable it.

        History says what changed and never what it was or is. The last admin cannot be disabled.
        """
        form = call.form
        names = ("handle", "name", "email", "time_zone")
        fields = {name: value for name in names if (value := getattr(form, name)) is not UNSET}
        disabled = form.disabled if isinstance(form.disabled, bool) else None
        command = EditUser(user=user_in(call), fields=fields, disabled=disabled)
        return json_answer(show_user(await self._perform(command, call.principal, call.key)))

    async def grant(self, call: WebCall[RoleGrant]) -> Answer[ShownUser]:
        """Grant a role: nobody does that for themselves.

        Doing it again is fine.
        """
        command = GrantRole(user=user_in(call), role=call.form.role, project=call.form.project)
        return json_answer(show_user(await self._perform(command, call.principal, call.key)))

    async def revoke(self, call: WebCall[RoleForm]) -> Answer[ShownUser]:
        """Revoke a role; the last admin keeps it.

        Doing it again is fine.
        """
        command = RevokeRole(user=user_in(call), role=call.part("role"), project=call.form.project)
        return json_answer(show_user(await self._perform(command, call.principal, call.key)))


def user_in(call: WebCall[Form]) -> str:
    """From the path: an id; anything else is a handle, with or without its `@`."""
    text = call.part("user")
    return text if USER_ID.fullmatch(text) else f"@{text.removeprefix('@')}"


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/me", Permission.OWN_TOKENS, Nothing, ShownMe, UserHandlers.me, "getMe",
        ("people",), {200: "Who asks"}, asks=(ACTOR,),
    ),
    Endpoint(
        "GET", "/api/v1/users", Permission.PEOPLE_READ, PageForm, Page[ShownUser],
        UserHandlers.list, "listUsers", ("people",), {200: "One page"},
    ),
    Endpoint(
        "GET", "/api/v1/handles", Permission.TICKETS_ASSIGN, HandlesForm, Page[ShownHandle],
        UserHandlers.handles, "listHandles", ("people",), {200: "One page"},
    ),
    Endpoint(
        "POST", "/api/v1/users", AddUser.permission, NewUser, ShownUser, UserHandlers.create,
        "addUser", ("people",), {201: "Added"}, asks=(ACTOR, KEY), gives=(LOCATION,),
        refuses={409: PEOPLE_CONFLICT},
    ),
    Endpoint(
        "GET", "/api/v1/users/{user}", Permission.PEOPLE_READ, Nothing, ShownUser,
        UserHandlers.detail, "getUser", ("people",), {200: "The user"}, asks=(USER,),
    ),
    Endpoint(
        "PATCH", "/api/v1/users/{user}", EditUser.permission, UserEdit, ShownUser,
        UserHandlers.edit, "editUser", ("people",), {200: "The user as it is now"},
        asks=(USER, ACTOR, KEY), refuses={409: PEOPLE_CONFLICT},
    ),
    Endpoint(
        "POST", "/api/v1/users/{user}/roles", GrantRole.permission, RoleGrant, ShownUser,
        UserHandlers.grant, "grantRole", ("people",), {200: "The user as it is now"},
        asks=(USER, ACTOR, KEY), refuses={403: OWN_ROLE},
    ),
    Endpoint(
        "DELETE", "/api/v1/users/{user}/roles/{role}", RevokeRole.permission, RoleForm, ShownUser,
        UserHandlers.revoke, "revokeRole", ("people",), {200: "The user as it is now"},
        asks=(USER, ROLE, ACTOR, KEY), refuses={409: PEOPLE_CONFLICT},
    ),
)  # fmt: skip
