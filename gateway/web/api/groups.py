"""`/api/v1/groups`: who is in which group."""

from typing import NamedTuple

from gateway.access.permission import Permission
from gateway.changes.perform import Perform
from gateway.desk.group import JoinGroup, LeaveGroup
from gateway.errors import NotFound
from gateway.people.view import PeopleReader
from gateway.web.api.users import UsersCursor, user_in
from gateway.web.http.answers import Answer, empty_answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.paging import PageForm, part_of
from gateway.web.openapi.parameters import ACTOR, GROUP, KEY, USER
from gateway.web.views.page import Page
from gateway.web.views.people import ShownGroup, ShownUser, show_group, show_user


class GroupsCursor(NamedTuple):
    """The last group shown."""

    name: str


class GroupHandlers:
    """Administrators and groups."""

    def __init__(self, reader: PeopleReader, perform: Perform) -> None:
        self._reader = reader
        self._perform = perform

    async def list(self, call: WebCall[PageForm]) -> Answer[Page[ShownGroup]]:
        """Groups that somebody is in, by name."""
        part = part_of(call, GroupsCursor)
        after = part.after.name if part.after else ""
        found = await self._reader.groups(call.tenant, after, part.fetch)
        return json_answer(part.page(found, lambda one: GroupsCursor(one.name), show_group))

    async def members(self, call: WebCall[PageForm]) -> Answer[Page[ShownUser]]:
        """Who is in the group, by handle."""
        part = part_of(call, UsersCursor)
        after = part.after.handle if part.after else ""
        group = call.part("group")
        found = await self._reader.page(call.tenant, group, after, part.fetch)
        if not found and not after:
            raise NotFound(f"nobody is in a group {group}")
        return json_answer(part.page(found, lambda one: UsersCursor(one.user.handle), show_user))

    async def join(self, call: WebCall[Nothing]) -> Answer[None]:
        """Put a user into the group.

        Doing it again is fine.
        """
        command = JoinGroup(user=user_in(call), group=call.part("group"))
        await self._perform(command, call.principal, call.key)
        return empty_answer()

    async def leave(self, call: WebCall[Nothing]) -> Answer[None]:
        """Take a user out of the group.

        Doing it again is fine.
        """
        command = LeaveGroup(user=user_in(call), group=call.part("group"))
        await self._perform(command, call.principal, call.key)
        return empty_answer()


_MEMBER = "/api/v1/groups/{group}/members/{user}"
ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/groups", Permission.PEOPLE_READ, PageForm, Page[ShownGroup],
        GroupHandlers.list, "listGroups", ("people",), {200: "One page"},
    ),
    Endpoint(
        "GET", "/api/v1/groups/{group}/members", Permission.PEOPLE_READ, PageForm,
        Page[ShownUser], GroupHandlers.members, "listMembers", ("people",), {200: "One page"},
        asks=(GROUP,),
    ),
    Endpoint(
        "PUT", _MEMBER, JoinGroup.permission, Nothing, type(None), GroupHandlers.join,
        "joinGroup", ("people",), {204: "They are in it"}, asks=(GROUP, USER, ACTOR, KEY),
    ),
    Endpoint(
        "DELETE", _MEMBER, LeaveGroup.permission, Nothing, type(None), GroupHandlers.leave,
        "leaveGroup", ("people",), {204: "They are not in it"}, asks=(GROUP, USER, ACTOR, KEY),
    ),
)  # fmt: skip
