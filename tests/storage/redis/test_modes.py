"""Every way to run Redis, each for real: one server, a socket, TLS, a cluster, sentinels."""

import asyncio
import gc
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gateway.storage.redis.absorber import AbsorberTimes
from gateway.storage.redis.connect import check_url
from gateway.storage.redis.inspection import warnings
from gateway.storage.redis.opening import open_absorber
from tests.programs import PATIENCE_SECONDS, Program, eventually, free_port, redis, running
from tests.storage.redis.test_scripts import key, many_confirmed, repeat

KEYS = [key(number) for number in range(64)]
SLOTS = 16384


@dataclass
class Redises:
    """Starts servers, each in a directory of its own."""

    binary: Path
    directory: Path
    stack: ExitStack
    programs: list[Program] = field(default_factory=list)

    def start(self, *arguments: str, port: int | None = None) -> Program:
        directory = self.directory / str(len(self.programs))
        directory.mkdir()
        program = self.stack.enter_context(redis(self.binary, directory, *arguments, port=port))
        self.programs.append(program)
        return program


@pytest.fixture
def redises(redis_binary: Path, tmp_path: Path) -> Iterator[Redises]:
    with ExitStack() as stack:
        yield Redises(redis_binary, tmp_path, stack)


def port_of(program: Program) -> int:
    return int(program.url.rpartition(":")[2])


def low_port() -> int:
    """A cluster's node listens 10,000 ports higher as well."""
    return free_port(most=55_000)


def one_server(redises: Redises) -> str:
    return f"redis://:secret@127.0.0.1:{port_of(redises.start('--requirepass', 'secret'))}/3"


def a_user(redises: Redises) -> str:
    rules = ["--user", "gateway", "on", ">pass/word", "~alert-gateway:*", "+@all"]
    return f"redis://gateway:pass%2Fword@127.0.0.1:{port_of(redises.start(*rules))}"


def a_socket(redises: Redises) -> str:
    path = redises.directory / "redis.sock"
    redises.start("--unixsocket", str(path))
    return f"unix://{path}"


def tls(redises: Redises) -> str:
    names = {name: redises.directory / name for name in ("key.pem", "certificate.pem")}
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-keyout", names["key.pem"], "-out", names["certificate.pem"],
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    port, certificate = free_port(), str(names["certificate.pem"])
    redises.start(
        "--tls-port", str(port), "--tls-cert-file", certificate, "--tls-auth-clients", "no",
        "--tls-key-file", str(names["key.pem"]), "--tls-ca-cert-file", certificate,
    )  # fmt: skip
    return f"rediss://localhost:{port}?ssl_ca_certs={certificate}"


def cluster(redises: Redises) -> str:
    nodes = [redises.start("--cluster-enabled", "yes", port=low_port()) for _ in range(3)]
    share = SLOTS // len(nodes) + 1
    for number, node in enumerate(nodes):
        first, last = number * share, min((number + 1) * share, SLOTS) - 1
        ask(redises, node, "CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
        ask(redises, node, "CONFIG", "SET", "cluster-require-full-coverage", "no")
        ask(redises, nodes[0], "CLUSTER", "MEET", "127.0.0.1", str(port_of(node)))
    return "redis+cluster://" + ",".join(f"127.0.0.1:{port_of(node)}" for node in nodes[:2])


def sentinels(redises: Redises) -> str:
    master, port = redises.start(), free_port()
    directory = redises.directory / "sentinel"
    directory.mkdir()
    config = directory / "sentinel.conf"
    config.write_text(
        f"port {port}\ndir {directory}\nsentinel monitor alerts 127.0.0.1 {port_of(master)} 1\n"
    )
    command: list[str | Path] = [redises.binary, config, "--sentinel"]
    log, url = directory / "log", f"redis://127.0.0.1:{port}"
    redises.stack.enter_context(
        running("sentinel", command, url=url, log=log, is_ready=lambda _: listens(port))
    )
    return f"redis+sentinel://127.0.0.1:{port}/alerts/0"


def listens(port: int) -> bool:
    try:
        done = subprocess.run(
            ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"],
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def ask(redises: Redises, node: Program, *command: str) -> None:
    client = redises.binary.with_name("redis-cli")
    done = subprocess.run(
        [client, "-p", str(port_of(node)), *command],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.stdout.strip() == "OK", done.stdout + done.stderr


MODES = [one_server, a_user, a_socket, tls, cluster, sentinels]


@pytest.mark.parametrize("mode", MODES, ids=lambda one: one.__name__)
async def test_repeats_are_held_back_in_every_mode(
    mode: Callable[[Redises], str], redises: Redises
) -> None:
    url = await asyncio.to_thread(mode, redises)
    check_url(url)
    times = AbsorberTimes()
    async with open_absorber(url, lambda: b"seed", times, lambda _: None) as absorber:

        async def all_are_held() -> bool:
            """A cluster takes a moment to become one."""
            await many_confirmed(absorber, range(64))
            absorbed = await absorber.absorb({which: repeat() for which in KEYS})
            return set(absorbed.held) == set(KEYS)

        await eventually(all_are_held)
        assert absorber.breaker.closed
        assert await warnings(absorber.client) == []
    gc.collect()  # a connection that was left open is complained of here, and in no later test


# Of a call that was given up, redis-py's cluster client leaves the connection to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_of_a_cluster_one_node_fails_alone(redises: Redises) -> None:
    url = await asyncio.to_thread(cluster, redises)
    # A cluster's client may look for the lost node at a time when others are asked.
    times = AbsorberTimes(answer_within=timedelta(seconds=3))
    async with open_absorber(url, lambda: b"seed", times, lambda _: None) as absorber:

        async def held() -> int:
            await many_confirmed(absorber, range(64))
            absorbed = await absorber.absorb({which: repeat() for which in KEYS})
            return len(absorbed.held)

        async def all_are_held() -> bool:
            return await held() == len(KEYS)

        await eventually(all_are_held)
        redises.programs[2].pause()

        async def some_are_held() -> bool:
            return 0 < await held() < len(KEYS)

        await eventually(some_are_held)
        redises.programs[2].resume()
        await eventually(all_are_held)
    gc.collect()  # while this test's filter is in force


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://redis", "must begin with redis://"),
        ("redis+sentinel://redis:26379", "must end with the name of the master"),
        ("redis+cluster://", "names no host"),
        ("redis+cluster://[", "is not a URL"),
    ],
)
def test_a_url_that_says_too_little_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("+", r"\+")):
        check_url(url)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (["--maxmemory-policy", "allkeys-lru"], "maxmemory-policy is allkeys-lru"),
        (["--cluster-enabled", "yes"], "is a node of a cluster"),
    ],
)
async def test_what_is_unsafe_is_said(redises: Redises, settings: list[str], what: str) -> None:
    program = await asyncio.to_thread(redises.start, *settings, port=low_port())
    async with Redis.from_url(program.url, protocol=2) as client:
        (said,) = await warnings(client)
    assert what in said
