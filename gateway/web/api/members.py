"""`/api/v1/projects/{project}/members`: who is in a project, for those who lead it."""

from typing import Annotated

from gateway.access.permission import Permission, ProjectRole
from gateway.changes.perform import Perform
from gateway.desk.member import DropMember, NameMember
from gateway.errors import NotFound
from gateway.people.view import PeopleReader
from gateway.web.api.users import UsersCursor, user_in
from gateway.web.http.answers import Answer, empty_answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form
from gateway.web.http.paging import PageForm, part_of
from gateway.web.openapi.parameters import ACTOR, KEY, PROJECT, USER
from gateway.web.openapi.refusals import OWN_ROLE
from gateway.web.views.page import Page
from gateway.web.views.people import ShownMember, show_member
from gateway.web.views.words import about


class MemberForm(Form, frozen=True):
    """What somebody shall be in the project."""

    role: Annotated[ProjectRole, about("`viewer` or `member`; an admin says who leads.")]


class MemberHandlers:
    """Leads and members."""

    def __init__(self, reader: PeopleReader, perform: Perform) -> None:
        self._reader = reader
        self._perform = perform

    async def list(self, call: WebCall[PageForm]) -> Answer[Page[ShownMember]]:
        """Who has a role in the project, by handle."""
        part, project = part_of(call, UsersCursor), call.part("project")
        call.principal.check(Permission.PROJECT_MEMBERS, project)
        after = part.after.handle if part.after else ""
        found = await self._reader.in_project(call.tenant, project, after, part.fetch)
        if not found and not after:
            raise NotFound(f"nobody is in a project {project}")
        return json_answer(
            part.page(
                found,
                lambda one: UsersCursor(one.user.handle),
                lambda one: show_member(one, project),
            )
        )

    async def name(self, call: WebCall[MemberForm]) -> Answer[ShownMember]:
        """Make somebody a viewer or a member: nobody does that for themselves.

        It replaces what leads have given before. Doing it again is fine.
        """
        project = call.part("project")
        command = NameMember(user=user_in(call), project=project, role=str(call.form.role))
        person = await self._perform(command, call.principal, call.key)
        return json_answer(show_member(person, project))

    async def drop(self, call: WebCall[Nothing]) -> Answer[None]:
        """Somebody is neither a viewer nor a member any more.

        Who leads still does. Doing it again is fine.
        """
        command = DropMember(user=user_in(call), project=call.part("project"))
        await self._perform(command, call.principal, call.key)
        return empty_answer()


_MEMBERS, _MEMBER = (
    "/api/v1/projects/{project}/members",
    "/api/v1/projects/{project}/members/{user}",
)
ENDPOINTS = (
    Endpoint(
        "GET", _MEMBERS, Permission.PROJECT_MEMBERS, PageForm, Page[ShownMember],
        MemberHandlers.list, "listProjectMembers", ("people",), {200: "One page"},
        asks=(PROJECT,),
    ),
    Endpoint(
        "PUT", _MEMBER, NameMember.permission, MemberForm, ShownMember, MemberHandlers.name,
        "nameProjectMember", ("people",), {200: "What they are now"},
        asks=(PROJECT, USER, ACTOR, KEY), refuses={403: OWN_ROLE},
    ),
    Endpoint(
        "DELETE", _MEMBER, DropMember.permission, Nothing, type(None), MemberHandlers.drop,
        "dropProjectMember", ("people",), {204: "They are not in it"},
        asks=(PROJECT, USER, ACTOR, KEY),
    ),
)  # fmt: skip
