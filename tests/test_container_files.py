"""The image and the compose file: what can be known of them without a container engine."""

import json
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def gateway_config(compose: dict[str, Any]) -> dict[str, Any]:
    return tomllib.loads((ROOT / compose["configs"]["gateway"]["file"]).read_text())


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile: (keyword, arguments), continuations joined."""
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines()]


def arguments_of(instructions: list[tuple[str, str]], keyword: str) -> list[str]:
    return [arguments for name, arguments in instructions if name == keyword]


# ---------------------------------------------------------------- compose.yaml


def test_the_stack_is_the_gateway_its_postgresql_and_its_redis(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"gateway", "postgres", "redis"}


def test_the_gateway_listens_to_all_and_therefore_has_a_token(
    compose: dict[str, Any], gateway_config: dict[str, Any]
) -> None:
    assert gateway_config["http"]["listen"] == "0.0.0.0:9096"
    assert gateway_config["auth"]["token_file"] == "/run/secrets/gateway_token"
    assert compose["services"]["gateway"]["ports"] == ["9096:9096"]


def test_every_secret_that_is_read_is_given_and_comes_from_a_file(
    compose: dict[str, Any], gateway_config: dict[str, Any]
) -> None:
    for service in compose["services"].values():
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    read = {gateway_config["auth"]["token_file"], gateway_config["postgres"]["url_file"]}
    assert read == {f"/run/secrets/{name}" for name in compose["services"]["gateway"]["secrets"]}
    postgres = compose["services"]["postgres"]
    assert postgres["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres_password"
    assert postgres["secrets"] == ["postgres_password"]
    assert "POSTGRES_PASSWORD" not in postgres["environment"]


def test_the_addresses_in_the_configuration_are_the_services_names(
    compose: dict[str, Any], gateway_config: dict[str, Any]
) -> None:
    assert gateway_config["redis"]["url"].split("//")[1].split(":")[0] in compose["services"]
    assert "@postgres/gateway" in (ROOT / "compose.yaml").read_text()


def test_what_must_last_is_on_declared_volumes(
    compose: dict[str, Any], gateway_config: dict[str, Any]
) -> None:
    mounted = [
        volume.split(":")
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    ]
    assert {name for name, _ in mounted} == set(compose["volumes"])
    assert ["journal", gateway_config["data_dir"]] in mounted


def test_the_gateway_is_given_nothing_it_does_not_need(compose: dict[str, Any]) -> None:
    gateway = compose["services"]["gateway"]
    assert gateway["read_only"] is True
    assert gateway["cap_drop"] == ["ALL"]
    assert "privileged" not in gateway


def test_the_configuration_is_mounted_where_the_command_looks(compose: dict[str, Any]) -> None:
    gateway = compose["services"]["gateway"]
    (config,) = gateway["configs"]
    assert gateway["command"] == ["serve", "--config", config["target"]]


# ---------------------------------------------------------------- Dockerfile


def test_dependencies_are_installed_by_hash_before_the_source_comes(
    instructions: list[tuple[str, str]],
) -> None:
    steps = [arguments for name, arguments in instructions if name in ("RUN", "COPY")]
    hashes = next(n for n, step in enumerate(steps) if "--require-hashes" in step)
    source = next(n for n, step in enumerate(steps) if step.startswith("gateway "))
    own = next(n for n, step in enumerate(steps) if "--no-deps" in step)
    assert hashes < source < own


def test_the_image_is_built_in_stages_and_does_not_run_as_root(
    instructions: list[tuple[str, str]],
) -> None:
    assert len(arguments_of(instructions, "FROM")) == 2
    assert arguments_of(instructions, "USER")[-1] == "10001:10001"
    assert arguments_of(instructions, "VOLUME") == ["/data"]


def test_the_image_starts_the_gateway_itself_so_that_signals_reach_it(
    instructions: list[tuple[str, str]],
) -> None:
    assert json.loads(arguments_of(instructions, "ENTRYPOINT")[-1]) == ["alert-gateway"]
    assert json.loads(arguments_of(instructions, "CMD")[-1]) == ["serve"]


def test_everything_copied_into_the_image_exists_and_is_sent_to_the_builder(
    instructions: list[tuple[str, str]],
) -> None:
    rules = [
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for arguments in arguments_of(instructions, "COPY"):
        if arguments.startswith("--from="):
            continue
        for source in shlex.split(arguments)[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch(source, rule) for rule in rules), source


# ---------------------------------------------------------------- the health check, for real


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server that gives that status to /-/healthy; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/-/healthy" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (404, False)])
def test_the_health_check_tells_a_healthy_gateway_from_another(
    instructions: list[tuple[str, str]], status: int, healthy: bool
) -> None:
    (check,) = arguments_of(instructions, "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert command[0] == "python"
    with answering(status) as port:
        code = command[2].replace(":9096/", f":{port}/")
        ran = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            env={"http_proxy": "http://127.0.0.1:1"},
            check=False,
        )
    assert (ran.returncode == 0) is healthy, ran.stderr
