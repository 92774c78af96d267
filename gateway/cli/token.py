"""`token`: makes tokens for senders and people, lists and revokes them."""

import argparse
from datetime import datetime, timedelta

from gateway.cli.command import add_command, add_steps, add_tenant
from gateway.cli.people import of_handle, open_desk, printable
from gateway.cli.postgres import Say
from gateway.clock import system_clock
from gateway.config import Config
from gateway.desk.token import CreateToken, RevokeToken
from gateway.durations import parse_duration
from gateway.errors import Refused
from gateway.people.token import ROLES_OF_TOKENS, Token
from gateway.storage.postgres.queries.people import TokenQueries

_LISTED_AT_ONCE = 500


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`token create`, `token list`, `token revoke`."""
    steps = add_steps(commands, "token", "what senders and people present")
    creating = add_command(steps, "create", "make a token, and show it once", _create)
    whose = creating.add_mutually_exclusive_group(required=True)
    whose.add_argument("--role", choices=[role.value for role in ROLES_OF_TOKENS],
                       default="", help="a token of nobody")  # fmt: skip
    whose.add_argument("--user", default="", metavar="HANDLE", help="it acts as that user")
    creating.add_argument("--name", required=True, help="what it is for")
    creating.add_argument("--source", default="", help="a sender's: for that source alone")
    creating.add_argument(
        "--expires-in", type=_duration, metavar="SPAN", help="as in 90d; without it never"
    )
    add_tenant(creating)
    add_tenant(add_command(steps, "list", "list the tokens, without their secrets", _list))
    revoking = add_command(steps, "revoke", "revoke a token", _revoke)
    revoking.add_argument("id", metavar="ID", help="as `token list` names it: t_…")
    add_tenant(revoking)


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


async def _create(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    if chosen.source and chosen.source not in config.sources:
        known = ", ".join(sorted(config.sources))
        raise Refused(f"no source {chosen.source} is configured; there are {known}")
    span = chosen.expires_in
    command = CreateToken(
        name=chosen.name,
        user=of_handle(chosen.user) if chosen.user else "",
        role=chosen.role,
        source=chosen.source,
        expires_at=None if span is None else system_clock() + span,
    )
    async with open_desk(config, chosen.tenant, say) as desk:
        made = await desk.do(command)
    say(f"{made.token.id}: this is its only showing, keep it where nobody else reads it.")
    say(made.text)


async def _list(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        tokens, after = TokenQueries(desk.database), None
        while page := await tokens.page(desk.tenant, None, after, _LISTED_AT_ONCE):
            now = system_clock()
            for token in page:
                say(_line(token, now))
            after = page[-1].created_at, page[-1].id


def _line(token: Token, now: datetime) -> str:
    expired = token.expires_at is not None and token.expires_at <= now
    state = "revoked" if token.revoked_at else "expired" if expired else "active"
    until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "for ever"
    whose = token.user_id or " ".join(filter(None, (token.role, token.source)))
    return "\t".join((token.id, state, until, whose, printable(token.name)))


async def _revoke(config: Config, chosen: argparse.Namespace, say: Say) -> None:
    async with open_desk(config, chosen.tenant, say) as desk:
        await desk.do(RevokeToken(token_id=chosen.id))
    say(f"{chosen.id} is refused from now on; a sender's within five seconds.")
