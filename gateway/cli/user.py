"""`user`: adds, lists, disables and enables users, grants them roles and revokes them."""

import argparse

from gateway.access.permission import ProjectRole
from gateway.cli.command import Run, add_command, add_steps, add_tenant, same_config
from gateway.cli.people import of_handle, open_desk, printable
from gateway.cli.postgres import Say
from gateway.config import Config
from gateway.desk.role import GrantRole, RevokeRole
from gateway.desk.user import AddUser, EditUser
from gateway.people.person import ROLES_OF_USERS, Person
from gateway.storage.postgres.queries.people import PeopleQueries

_LISTED_AT_ONCE = 500
_TENANT_ROLES = tuple(map(str, ROLES_OF_USERS))
"""Texts, since what is refused is told with them as Python shows them."""
_EVERY_ROLE = (*_TENANT_ROLES, *map(str, ProjectRole))


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`user add`, `list`, `disable`, `enable`, `grant`, `revoke`."""
    steps = add_steps(commands, "user", "who may work here")
    adding = _of_user(steps, "add", "add a user", _add)
    adding.add_argument("--role", required=True, choices=_TENANT_ROLES, help="in the tenant")
    adding.add_argument("--name", default="", help="as others see it")
    adding.add_argument("--email", default="", help="where mail reaches them")
    add_tenant(add_command(steps, "list", "list the users with their roles", _list))
    _of_user(steps, "disable", "take all rights and tokens from a user", _disable)
    _of_user(steps, "enable", "give them back", _enable)
    for name, meaning, run in (
        ("grant", "grant a role to a user", _grant),
        ("revoke", "revoke a role of a user", _revoke),
    ):
        parser = _of_user(steps, name, meaning, run)
        parser.add_argument("--role", required=True, choices=_EVERY_ROLE, metavar="ROLE",
                            help=f"one of {', '.join(_EVERY_ROLE)}")  # fmt: skip
        parser.add_argument("--project", default="", metavar="KEY", help="in that project alone")


def _of_user(
    steps: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    meaning: str,
    run: Run,
) -> argparse.ArgumentParser:
    parser = add_command(steps, name, meaning, run)
    parser.add_argument("handle", metavar="HANDLE", help="as in @anna, without the @")
    add_tenant(parser)
    return parser


async def _add(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        handle = chosen.handle.removeprefix("@")
        command = AddUser(handle=handle, name=chosen.name, email=chosen.email, role=chosen.role)
        person = await desk.do(command)
    say(f"Added @{handle} ({person.user.id}) as {chosen.role}.")
    whose = f"--tenant {chosen.tenant} --user {handle}"
    say(f"A token: alert-gateway token create {whose} --name NAME{same_config(chosen)}")


async def _list(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        people, after = PeopleQueries(desk.database), ""
        while page := await people.page(desk.tenant, "", after, _LISTED_AT_ONCE):
            for person in page:
                say(_line(person))
            after = page[-1].user.handle


def _line(person: Person) -> str:
    user = person.user
    roles = ", ".join(grant.words for grant in person.grants) or "no role"
    groups = ", ".join(one.group_name for one in person.groups)
    named = [user.handle, user.id, "enabled" if user.enabled else "disabled", roles, groups]
    return "\t".join(map(printable, [*named, user.name, user.email])).rstrip()


async def _disable(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    await _set_disabled(config, chosen, say, disabled=True)
    say(f"@{chosen.handle} is disabled: their tokens are refused from now on.")


async def _enable(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    await _set_disabled(config, chosen, say, disabled=False)
    say(f"@{chosen.handle} is enabled.")


async def _set_disabled(
    config: Config, chosen: argparse.Namespace, say: Say, *, disabled: bool
) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        await desk.do(EditUser(user=of_handle(chosen.handle), disabled=disabled))


async def _grant(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        user = of_handle(chosen.handle)
        person = await desk.do(GrantRole(user=user, role=chosen.role, project=chosen.project))
    say(_line(person))


async def _revoke(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        user = of_handle(chosen.handle)
        person = await desk.do(RevokeRole(user=user, role=chosen.role, project=chosen.project))
    say(_line(person))
