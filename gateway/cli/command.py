"""What the files of commands share when they register themselves."""

import argparse
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway.cli.postgres import Say
from gateway.config import Config

Run = Callable[[Config, argparse.Namespace, Say], Awaitable[None]]


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    meaning: str,
    run: Run | None = None,
) -> argparse.ArgumentParser:
    """*run*: what does it, where the command line itself does not know."""
    parser = commands.add_parser(name, help=meaning, description=_sentence(meaning))
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="configuration in TOML; without it every default holds (see config.example.toml)",
    )
    parser.set_defaults(run=run)
    return parser


def add_steps(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, meaning: str
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    """A command of several steps: `user add`, `user list`."""
    parser = commands.add_parser(name, help=meaning, description=_sentence(meaning))
    return parser.add_subparsers(dest="step", required=True, metavar="STEP")


def same_config(chosen: argparse.Namespace) -> str:
    """What a next command must be given to mean the same database, with a space before; or ""."""
    return "" if chosen.config is None else f" --config {shlex.quote(str(chosen.config))}"


def _sentence(meaning: str) -> str:
    return f"{meaning[0].upper()}{meaning[1:]}."


def add_tenant(parser: argparse.ArgumentParser) -> None:
    """`--tenant NAME`."""
    parser.add_argument(
        "--tenant", default="default", metavar="NAME", help="whose (default: default)"
    )
