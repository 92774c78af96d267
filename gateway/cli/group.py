"""`group`: puts users into groups and takes them out; a group is there while somebody is in it."""

import argparse

from gateway.cli.command import add_command, add_steps, add_tenant
from gateway.cli.people import of_handle, open_desk
from gateway.cli.postgres import Say
from gateway.config import Config
from gateway.desk.group import JoinGroup, LeaveGroup


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`group add`, `group remove`."""
    steps = add_steps(commands, "group", "who works together")
    for name, meaning, run in (
        ("add", "put users into a group", _add),
        ("remove", "take users out of a group", _remove),
    ):
        parser = add_command(steps, name, meaning, run)
        parser.add_argument("group", metavar="GROUP", help="its name")
        parser.add_argument("handles", metavar="HANDLE", nargs="+", help="as in @anna")
        add_tenant(parser)


async def _add(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        for handle in chosen.handles:
            await desk.do(JoinGroup(user=of_handle(handle), group=chosen.group))
            say(f"{of_handle(handle)} is in {chosen.group}.")


async def _remove(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        for handle in chosen.handles:
            await desk.do(LeaveGroup(user=of_handle(handle), group=chosen.group))
            say(f"{of_handle(handle)} is not in {chosen.group}.")
