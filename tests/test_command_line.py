"""The command line: what it prints, and the exit status that scripts go by."""

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway import __version__
from tests.conftest import Databases
from tests.programs import PATIENCE_SECONDS, free_port, gateway

WRONG = """
[http]
listne = "127.0.0.1:9096"
workers = 0

[[rules]]
name = "payments"
match = '{team="payments"'
"""

MAPPED = """
[sources.pinger]
kind = "mapped"
status = { path = "event", map = { DOWN = "firing" } }
labels = { alertname = "name" }
[[sources.pinger.examples]]
in = '{"event": "DOWN", "name": "Router"}'
out = { status = "STATUS" }
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Any terminal width of whoever runs the tests is left out."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, "COLUMNS": "200"},
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "gateway.toml"


def test_the_version_is_that_of_the_package() -> None:
    done = run("version")
    assert (done.returncode, done.stdout) == (0, f"alert-gateway {__version__}\n")


def test_without_a_command_the_commands_are_named() -> None:
    done = run()
    assert done.returncode == 2
    assert done.stderr.startswith("usage: alert-gateway")


def test_the_installed_program_is_the_same() -> None:
    program = Path(sys.executable).with_name("alert-gateway")
    done = subprocess.run(
        [program, "version"], capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert (done.returncode, done.stdout) == (0, f"alert-gateway {__version__}\n")


def test_a_good_configuration_is_said_to_be_fine(config: Path) -> None:
    config.write_text(MAPPED.replace("STATUS", "firing"))
    done = run("check-config", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{config} is fine: 0 rules, 6 sources.\n"


@pytest.mark.parametrize("command", ["check-config", "serve", "migrate", "tickets"])
def test_every_wrong_key_is_named_with_its_place_before_anything_is_done(
    config: Path, command: str
) -> None:
    config.write_text(WRONG)
    done = run(command, "--config", config)
    assert (done.returncode, done.stdout) == (2, "")
    first, *problems = done.stderr.splitlines()
    assert first == f"{config} cannot be used:"
    assert [line.split(": ")[0].strip() for line in problems] == ["line 3", "line 4", "line 8"]
    assert "did you mean `listen`?" in problems[0]
    assert not (config.parent / "data").exists()


def test_an_example_that_does_not_come_out_as_it_says_is_a_wrong_configuration(
    config: Path,
) -> None:
    config.write_text(MAPPED.replace("STATUS", "resolved"))
    for command in ("check-config", "serve"):
        done = run(command, "--config", config)
        assert (done.returncode, done.stdout) == (2, "")
        assert "line 8: sources.pinger.examples[0].out.status: expected 'resolved'" in done.stderr
        assert not (config.parent / "data").exists()


def test_a_configuration_that_is_not_there_is_a_wrong_one(config: Path) -> None:
    done = run("check-config", "--config", config)
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
    assert "config.example.toml is one" in done.stderr


def test_others_are_not_served_without_a_token(config: Path) -> None:
    config.write_text('[http]\nlisten = "0.0.0.0:9096"\n')
    done = run("serve", "--config", config)
    assert done.returncode == 2
    assert "set [auth] token_file, or listen on 127.0.0.1" in done.stderr


def test_migrate_brings_a_database_up_to_date_and_again_changes_nothing(
    config: Path, empty_database: str
) -> None:
    config.write_text(f'[postgres]\nurl = "{empty_database}"\n')
    first, second = (run("migrate", "--config", config) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "Migrating the database: 0001_spine.sql ..." in first.stdout
    assert second.stdout.endswith("; 0 migrations were applied.\n")


def test_migrate_finish_lets_new_tickets_follow_their_workflows(
    config: Path, empty_database: str, databases: Databases
) -> None:
    config.write_text(f'[postgres]\nurl = "{empty_database}"\n')
    done = run("migrate", "--config", config, "--finish")
    assert done.returncode == 0, done.stderr
    assert "new tickets follow their types' workflows" in done.stdout


def test_migrate_finish_finishes_a_private_postgresql_too(config: Path) -> None:
    config.write_text("")
    done = run("migrate", "--config", config, "--finish")
    assert done.returncode == 0, done.stderr
    assert "new tickets follow their types' workflows" in done.stdout


def test_workflows_are_listed_shown_drawn_and_tried(tmp_path: Path) -> None:
    assert "incident_response    incident" in run("workflow", "list").stdout
    assert "-> known_error" in run("workflow", "show", "problem").stdout
    picture = tmp_path / "change.svg"
    assert run("workflow", "show", "change", "--svg", picture).returncode == 0
    assert picture.read_text().startswith("<svg")
    walk = ("workflow", "try", "change", "--as", "requester", "--set", "custom.risk=low")
    tried = run(*walk, "draft", "scheduled", "draft")
    assert tried.returncode == 0, tried.stderr
    assert "[Schedule (standard change)] -> scheduled" in tried.stdout
    refused = run(*walk, "draft", "scheduled", "implementing")
    assert (refused.returncode, "forbidden_transition" in refused.stdout) == (1, True)
    assert "no workflow nonsense" in run("workflow", "show", "nonsense").stderr
    assert "unrecognized arguments" in run("workflow", "list", "more").stderr


def test_a_workflow_of_the_configuration_is_shown_too(config: Path) -> None:
    config.write_text(
        """
[[workflows]]
name = "repair"
display_name = "Repair"
transitions = [{from = "open", to = "resolved"}, {from = "resolved", to = "open", role = "any"}]
"""
    )
    assert "repair" in run("workflow", "list", "--config", config).stdout
    shown = run("workflow", "show", "repair", "--config", config)
    assert "-> resolved" in shown.stdout, shown.stderr


def test_check_config_warns_of_workflows_that_can_hardly_be_meant(config: Path) -> None:
    config.write_text(
        """
[[workflows]]
name = "repair"
transitions = [{from = "open", to = "resolved"}]
"""
    )
    done = run("check-config", "--config", config)
    assert done.returncode == 0, done.stderr
    assert "Warning: workflow repair, states: no way leads back from resolved" in done.stdout
    assert "is fine" in done.stdout


@pytest.mark.parametrize("command", ["migrate", "audit"])
def test_where_there_is_no_postgresql_the_option_to_look_at_is_named(
    config: Path, command: str
) -> None:
    config.write_text(f'[postgres]\nurl = "postgresql://127.0.0.1:{free_port()}/nowhere"\n')
    done = run(command, "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("alert-gateway: PostgreSQL cannot be reached: ")
    assert "see [postgres] url: is the server there" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["migrate", "audit"])
def test_a_database_that_is_not_there_is_no_crash(
    config: Path, databases: Databases, command: str
) -> None:
    config.write_text(f'[postgres]\nurl = "{databases.url_of("nowhere")}"\n')
    done = run(command, "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert 'database "nowhere" does not exist; see [postgres] url' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_migration_that_the_server_refuses_is_said_with_what_it_needs(
    config: Path, empty_database: str, databases: Databases
) -> None:
    databases.execute("CREATE ROLE anybody LOGIN")
    try:
        url = empty_database.replace("user=postgres", "user=anybody")
        config.write_text(f'[postgres]\nurl = "{url}"\n')
        done = run("migrate", "--config", config)
    finally:
        databases.execute("DROP ROLE anybody")
    assert done.returncode == 1
    assert "permission denied" in done.stderr
    assert "May the user of [postgres] url create tables and roles there?" in done.stderr
    assert "Traceback" not in done.stderr


def test_migrate_leaves_a_private_postgresql_to_serve(config: Path) -> None:
    config.write_text("")
    done = run("migrate", "--config", config)
    assert done.returncode == 0
    assert "migrates its private PostgreSQL itself" in done.stdout


def test_tickets_shows_them_or_says_that_nobody_answers(config: Path, database: str) -> None:
    port = free_port()
    config.write_text(f'http.listen = "127.0.0.1:{port}"\n[postgres]\nurl = "{database}"\n')
    done = run("tickets", "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"no gateway answers at http://127.0.0.1:{port}" in done.stderr
    with gateway(config, url=f"http://127.0.0.1:{port}", log=config.with_name("log")) as program:
        none = run("tickets", "--config", config)
        make_ticket(program.url, "Disk full \x1b[31m")
        done = run("tickets", "--config", config)
    assert (none.returncode, none.stdout) == (0, "No tickets yet.\n")
    assert done.returncode == 0
    head, line = done.stdout.splitlines()
    assert head.split() == ["number", "id", "status", "priority", "firing", "occurrences", "title"]
    number, ticket_id, *others = line.split(maxsplit=6)
    assert ticket_id.startswith("tk_")
    assert [number, *others] == [
        "1",
        "open",
        "medium",
        "0",
        "0",
        "Disk full \N{REPLACEMENT CHARACTER}[31m",
    ]


def test_tickets_says_when_it_is_no_gateway_that_answers(config: Path) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config.write_text(f'http.listen = "127.0.0.1:{server.server_port}"\n')
        done = run("tickets", "--config", config)
        server.shutdown()
    assert (done.returncode, done.stdout) == (1, "")
    assert "is no alert gateway: set [http] listen as it was" in done.stderr
    assert "Traceback" not in done.stderr


def make_ticket(url: str, title: str) -> None:
    body = json.dumps({"title": title}).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{url}/api/v1/tickets", body, headers), timeout=PATIENCE_SECONDS
    ) as answer:
        assert answer.status == 201


@pytest.mark.parametrize("workers", [1, 2])
def test_an_address_that_is_taken_is_said_before_anything_is_made(
    config: Path, workers: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        config.write_text(f'[http]\nlisten = "{listen}"\nworkers = {workers}\n')
        done = run("serve", "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("alert-gateway: ")
    assert f"cannot listen on {listen}: Address already in use" in done.stderr
    assert "stop it, or set [http] listen" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (config.parent / "data").exists()


def test_tickets_says_which_file_holds_the_token_that_is_wanted(
    config: Path, database: str
) -> None:
    listen = f"127.0.0.1:{free_port()}"
    http = f'[http]\nlisten = "{listen}"\n'
    config.write_text(f'{http}[postgres]\nurl = "{database}"\n[auth]\ntoken = "s3cret"\n')
    without = config.with_name("without.toml")
    without.write_text(http)
    with gateway(config, url=f"http://{listen}", log=config.with_name("log")):
        refused, shown = run("tickets", "--config", without), run("tickets", "--config", config)
    assert shown.returncode == 0
    assert refused.returncode == 1
    assert "give --config FILE" in refused.stderr


def test_a_reader_that_has_seen_enough_ends_the_program_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "check-config"],
            stdout=closed, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, "")
