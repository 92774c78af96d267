"""Tenants, users, groups and tokens from the command line, on a real PostgreSQL."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from gateway.access.token import presented
from tests.programs import free_port, gateway
from tests.test_command_line import run

Asked = Callable[..., "subprocess.CompletedProcess[str]"]
TEXT = re.compile(r"^agw_[ut]_\w+$", re.MULTILINE)


@pytest.fixture
def config(tmp_path: Path, database: str) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(f'[postgres]\nurl = "{database}"\n')
    return path


@pytest.fixture
def ask(config: Path) -> Asked:
    """Runs a command that must end with *status*; its output."""

    def ask(*arguments: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
        done = run(*arguments, "--config", config)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return ask


async def test_the_first_admin_of_a_new_tenant_is_made_and_history_says_by_whom(
    ask: Asked, owner: asyncpg.Connection
) -> None:
    ask("tenant", "create", "acme")
    assert ask("tenant", "list").stdout == "1\tdefault\n2\tacme\n"
    ask("user", "add", "--tenant", "acme", "anna", "--role", "admin", "--name", "Anna")
    [line] = ask("user", "list", "--tenant", "acme").stdout.splitlines()
    assert re.fullmatch(r"anna\tu_[0-9a-f]{26}\tenabled\tadmin\t\tAnna", line)
    assert ask("user", "list").stdout == ""
    made = ask("token", "create", "--tenant", "acme", "--user", "anna", "--name", "laptop")
    [text] = TEXT.findall(made.stdout)
    shown = presented(text)
    assert shown is not None
    row = await owner.fetchrow("SELECT * FROM tokens WHERE id = $1", shown.id)
    assert (row["tenant_id"], row["hash"]) == (2, shown.digest)
    told = await owner.fetch("SELECT kind, object_id, actor FROM history")
    actors = {one["actor"] for one in told if one["kind"] != "declaration"}
    assert len(actors) == 1
    assert actors.pop().startswith("local:")
    objects = len({(one["kind"], one["object_id"]) for one in told})
    assert ask("audit").stdout == f"{objects} of {objects} histories are as they were written.\n"


async def test_a_new_tenant_has_what_the_configuration_declares_for_it_at_once(
    ask: Asked, config: Path, owner: asyncpg.Connection
) -> None:
    """No gateway runs, and none needs to see it first."""
    with config.open("a") as file:
        file.write('[[projects]]\nkey = "OPS"\n')
        file.write('[[projects]]\nkey = "ACME"\ntenants = ["acme"]\n')
        file.write('[[projects]]\nkey = "OTHER"\ntenants = ["other"]\n[config]\nrevision = 7\n')
    ask("tenant", "create", "acme")
    query = "SELECT name, revision FROM declared WHERE tenant_id = 2 AND kind = 'project'"
    found = await owner.fetch(query + " ORDER BY place")
    assert [tuple(one) for one in found] == [("OPS", 7), ("ACME", 7)]
    shipped = await owner.fetchval("SELECT count(*) FROM declared WHERE kind = 'workflow'")
    assert shipped > 1


def test_a_senders_token_is_made_listed_and_revoked(ask: Asked) -> None:
    order = ("--role", "sender", "--name", "prom", "--source", "prometheus", "--expires-in", "90d")
    made = ask("token", "create", *order)
    [text] = TEXT.findall(made.stdout)
    shown = presented(text)
    assert shown is not None
    listed = ask("token", "list").stdout
    assert re.fullmatch(
        rf"{shown.id}\tactive\tuntil \d{{4}}-\d\d-\d\d\tsender prometheus\tprom\n", listed
    )
    ask("token", "revoke", shown.id)
    assert "\trevoked\t" in ask("token", "list").stdout
    assert text[15:50] not in listed


def test_groups_and_roles_are_given_and_taken(ask: Asked) -> None:
    for handle in ("anna", "bob"):
        ask("user", "add", handle, "--role", "operator")
    assert ask("group", "add", "sre", "anna", "@bob").stdout.count(" is in sre.") == 2
    ask("group", "remove", "sre", "bob")
    assert (
        "operator, lead in OPS\tsre"
        in ask("user", "grant", "anna", "--role", "lead", "--project", "OPS").stdout
    )
    assert "lead" not in ask("user", "revoke", "anna", "--role", "lead", "--project", "OPS").stdout
    ask("user", "disable", "bob")
    assert "bob\t" in ask("user", "list").stdout
    assert "\tdisabled\toperator" in ask("user", "list").stdout
    ask("user", "enable", "bob")
    assert "disabled" not in ask("user", "list").stdout


def test_what_cannot_be_done_says_what_to_do(ask: Asked) -> None:
    ask("user", "add", "anna", "--role", "admin")
    for arguments, said in (
        (("tenant", "create", "default"), "there is a tenant default already"),
        (("tenant", "create", "Not One"), "it is 1 to 63 of a-z 0-9 _ -"),
        (("user", "add", "bob", "--role", "admin", "--tenant", "nix"), "tenant create nix"),
        (("user", "add", "anna", "--role", "operator"), "there is a user @anna already"),
        (("user", "add", "Anna", "--role", "operator"), "a handle is 1 to 39 of a-z 0-9"),
        (("user", "disable", "anna"), "make another user admin first"),
        (("user", "disable", "nobody"), "no user @nobody"),
        (("token", "create", "--role", "sender", "--source", "nix", "--name", "x"),
         "there are alertmanager, custom"),
        (("token", "revoke", "t_00000000"), "no token t_00000000"),
    ):  # fmt: skip
        done = ask(*arguments, status=1)
        assert said in done.stderr, arguments
        assert not TEXT.findall(done.stdout)


def test_what_is_no_command_is_refused_before_anything_is_done(config: Path) -> None:
    for arguments in (
        ("user", "add", "anna", "--role", "king"),
        ("token", "create", "--name", "x"),
        ("token", "create", "--role", "sender", "--user", "anna", "--name", "x"),
        ("token", "create", "--role", "sender", "--name", "x", "--expires-in", "soon"),
        ("tenant",),
    ):
        done = run(*arguments, "--config", config)
        assert done.returncode == 2, arguments
        assert done.stderr.startswith("usage: ")


def test_a_fresh_database_is_migrated_for_it_unless_the_configuration_forbids(
    tmp_path: Path, empty_database: str
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'[postgres]\nurl = "{empty_database}"\nmigrate = false\n')
    done = run("tenant", "create", "acme", "--config", config)
    assert done.returncode == 1
    assert "run `alert-gateway migrate`" in done.stderr
    config.write_text(f'[postgres]\nurl = "{empty_database}"\n')
    done = run("tenant", "create", "acme", "--config", config)
    assert done.returncode == 0, done.stderr
    assert "Made the tenant acme (number 2)." in done.stdout


def test_a_private_postgresql_is_used_beside_its_gateway_and_started_without_one(
    data_dir: Path, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    config = tmp_path / "gateway.toml"
    listen = url.removeprefix("http://")
    config.write_text(f'data_dir = "{data_dir}"\nhttp.listen = "{listen}"\n')
    assert run("tenant", "create", "acme", "--config", config).returncode == 0
    with gateway(config, url=url, log=tmp_path / "log"):
        beside = run("user", "add", "anna", "--tenant", "acme", "--role", "admin",
                     "--config", config)  # fmt: skip
        made = run("token", "create", "--user", "anna", "--tenant", "acme", "--name", "x",
                   "--config", config)  # fmt: skip
    assert (beside.returncode, made.returncode) == (0, 0), beside.stderr + made.stderr
    assert len(TEXT.findall(made.stdout)) == 1


def test_what_to_run_next_is_told_with_the_same_configuration(ask: Asked, config: Path) -> None:
    made = ask("tenant", "create", "acme")
    assert f"user add --tenant acme HANDLE --role admin --config {config}" in made.stdout
    added = ask("user", "add", "--tenant", "acme", "anna", "--role", "admin")
    assert f"--user anna --name NAME --config {config}" in added.stdout


def test_a_role_that_is_none_is_told_with_those_that_are(ask: Asked) -> None:
    refused = ask("user", "add", "anna", "--role", "sender", status=2)
    assert "operator" in refused.stderr
    assert "Role." not in refused.stderr
    refused = ask("token", "create", "--role", "viewer", "--name", "x", status=2)
    assert "auditor" in refused.stderr
    assert "Role." not in refused.stderr


def test_somebody_with_a_token_in_a_file_sees_their_tickets_in_the_terminal(
    config: Path, ask: Asked
) -> None:
    listen = f"127.0.0.1:{free_port()}"
    with config.open("a") as file:
        file.write(f'[http]\nlisten = "{listen}"\n[auth]\nmode = "required"\n')
    made = ask("token", "create", "--role", "operator", "--name", "wall")
    token = config.with_name("token")
    token.touch(0o600)
    token.write_text(TEXT.findall(made.stdout)[0] + "\n")
    with gateway(config, url=f"http://{listen}", log=config.with_name("log")):
        refused = ask("tickets", status=1)
        shown = ask("tickets", "--token-file", str(token))
        missing = ask("tickets", "--token-file", str(config.with_name("none")), status=1)
    assert "--token-file" in refused.stderr
    assert shown.stdout == "No tickets yet.\n"
    assert "cannot read" in missing.stderr
