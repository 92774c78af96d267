"""The command line: `alert-gateway serve | migrate | check-config | audit | tickets | …`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from gateway import __version__
from gateway.cli import group, tenant, token, user
from gateway.cli.adopt import adopt
from gateway.cli.advice import with_advice
from gateway.cli.audit import audit
from gateway.cli.command import add_command, add_steps
from gateway.cli.migrate import migrate
from gateway.cli.serve import serve
from gateway.cli.tickets import GatewayNotReached, show_tickets
from gateway.cli.workflow import (
    configured_workflows,
    list_workflows,
    say_stranded,
    show_workflow,
    try_workflow,
    warnings_of,
)
from gateway.config import Config, ConfigError, load
from gateway.errors import GatewayError
from gateway.logs import set_up_logs
from gateway.roles import EVERY_ROLE, ProcessRole, read_roles
from gateway.workflows.workflow import EdgeRole


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 failed and said why, 2 the configuration is wrong."""
    chosen = _chosen(arguments)
    if chosen.command == "version":
        say(f"alert-gateway {__version__}")
        return 0
    try:
        config = load(chosen.config)
        set_up_logs(config.logs.level, config.logs.format, config.secrets)
        return uvloop.run(_run(chosen, config))
    except ConfigError as error:
        complain(str(error))
        return 2
    except (GatewayError, GatewayNotReached, OSError) as error:
        complain(f"alert-gateway: {with_advice(error)}")
        return 1
    except _NobodyReads:
        return 141  # as of a program that the signal for it ends
    except KeyboardInterrupt:
        return 130


async def _run(chosen: argparse.Namespace, config: Config) -> int:
    match chosen.command:
        case "serve":
            await serve(config, chosen.config, chosen.roles, say)
        case "migrate":
            await migrate(config, say, finish=chosen.finish)
        case "check-config":
            _say_fine(config, chosen.config)
            if chosen.database:
                await say_stranded(config, say)
        case "audit":
            return await audit(config, say, chosen.tenant)
        case "journal":
            await adopt(config, chosen.directory, say)
        case "workflow":
            return _workflow(chosen, config)
        case "tickets":
            await show_tickets(
                config,
                watch=chosen.watch,
                limit=chosen.limit,
                say=say,
                token_file=chosen.token_file,
            )
        case _:
            await chosen.run(config, chosen, say)
    return 0


def _workflow(chosen: argparse.Namespace, config: Config) -> int:
    named = configured_workflows(config, chosen.tenant)
    match chosen.step:
        case "list":
            list_workflows(named, say)
        case "show":
            show_workflow(named, chosen.name, chosen.svg, say)
        case "try":
            return try_workflow(
                named, chosen.name, EdgeRole(chosen.role), chosen.values, chosen.states, say
            )
    return 0


def _say_fine(config: Config, path: Path | None) -> None:
    rules, sources = len(config.rules), len(config.sources)
    for warning in warnings_of(config):
        say(warning)
    say(f"{path or 'The default configuration'} is fine: {rules} rules, {sources} sources.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="alert-gateway",
        description="Takes in every alert, merges repeats, and keeps one ticket per problem.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serving = add_command(commands, "serve", "take alerts in and keep tickets, until stopped")
    serving.add_argument(
        "--roles",
        type=_roles,
        default=EVERY_ROLE,
        metavar="ROLES",
        help=f"what this process does, of {','.join(ProcessRole)} (default: all)",
    )
    migrating = add_command(
        commands, "migrate", "bring the schema of the configured PostgreSQL up to date"
    )
    migrating.add_argument(
        "--finish",
        action="store_true",
        help="say that no replica of a release before runs any more, and none will",
    )
    checking = add_command(
        commands, "check-config", "check the configuration, naming every problem"
    )
    checking.add_argument(
        "--database",
        action="store_true",
        help="count the tickets in states that its workflows have not, tenant by tenant",
    )
    auditing = add_command(
        commands, "audit", "read every history again and name those that were tampered with"
    )
    auditing.add_argument("step", nargs="?", choices=["verify"], default="verify", metavar="verify")
    auditing.add_argument("--tenant", metavar="NAME", help="of this tenant alone (default: all)")
    steps = add_steps(commands, "journal", "what to do with journals of lost hosts")
    adopting = add_command(steps, "adopt", "bring a lost host's journals to the ledger")
    adopting.add_argument("directory", type=Path, metavar="DIR", help="its data_dir, or a copy")
    _workflow_commands(commands)
    tickets = add_command(commands, "tickets", "show the newest tickets of the running gateway")
    tickets.add_argument("--watch", action="store_true", help="show them again every 2 seconds")
    tickets.add_argument("--limit", type=int, default=20, help="how many (default 20)")
    tickets.add_argument(
        "--token-file", type=Path, metavar="FILE", help="a token of yours; it shows what you see"
    )
    for noun in (tenant, user, group, token):
        noun.register(commands)
    commands.add_parser("version", help="print the version")
    return parser


def _chosen(arguments: Sequence[str] | None) -> argparse.Namespace:
    """argparse takes no positional behind options that stand behind another positional: the states
    of `workflow try NAME --as ROLE STATE…` are taken here.
    """
    parser = _parser()
    chosen, rest = parser.parse_known_args(arguments)
    if rest and (not hasattr(chosen, "states") or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        chosen.states += rest
    return chosen


def _workflow_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    steps = add_steps(commands, "workflow", "print, draw and try the workflows")
    listing = add_command(steps, "list", "name all of them")
    showing = add_command(steps, "show", "print one, or draw it")
    showing.add_argument("name", metavar="NAME", help="as `workflow list` names it")
    showing.add_argument("--svg", type=Path, metavar="FILE", help="draw it into this file")
    trying = add_command(steps, "try", "walk through one, with the buttons of each state")
    trying.add_argument("name", metavar="NAME", help="as `workflow list` names it")
    trying.add_argument(
        "--as",
        dest="role",
        choices=[role.value for role in EdgeRole],
        default="assignee",
        help="who you are to the ticket (default: assignee)",
    )
    trying.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar="K=V",
        help="what the ticket says, as in custom.risk=low; may be given again",
    )
    trying.add_argument(
        "states", nargs="*", metavar="STATE", help="to walk through (default: the start alone)"
    )
    for parser in (listing, showing, trying):
        parser.add_argument(
            "--tenant", default="", metavar="NAME", help="as declared for it (default: for all)"
        )


def _roles(text: str) -> frozenset[ProcessRole]:
    try:
        return read_roles(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class _NobodyReads(Exception):
    """Standard output is a pipe that was closed at its other end: `tickets | head -1`."""


def say(text: str) -> None:
    """To the person at the terminal, at once."""
    try:
        print(text, flush=True)
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        raise _NobodyReads from error


def complain(text: str) -> None:
    """What went wrong, and what to do."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
