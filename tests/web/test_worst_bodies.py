"""No body holds the event loop: whatever it is made of, others wait no longer than for a plain one.

What is measured is processor time of the loop's own thread in one turn of the loop, so that a busy
machine makes no difference; and the shortest of several tries, so that a collection of garbage
makes none either.
"""

import asyncio
import gc
import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from queue import SimpleQueue

import pytest

from gateway.app.lifecycle import open_gateway
from gateway.config import load
from tests.conftest import Databases
from tests.web import worst_bodies as worst

SIZE = 1024 * 1024
TRIES = 5
PLAIN_PATH = "/api/v2/alerts"
RATIO = 16
"""Between the longest turn for a worst body and for a plain one: up to 7 on a quiet machine."""
NOWHERE = "postgresql:///gateway?host=/nonexistent"

CONFIG = """
http.listen = "127.0.0.1:0"

[sources.mapped]
kind = "mapped"
labels = { alertname = "name", tags = "tags[?@.a == 'b'].c | [0]" }
examples = [{ in = '{"name": "a"}', out = { labels = { alertname = "a" } } }]

[sources.mapped.annotations]
all = "to_string(tags[*].[@, @])"
sorted = "(tags || `[]`) | join(',', sort([*].to_string(@)))"
"""


class MeasuredLoop(asyncio.SelectorEventLoop):
    """Knows its longest turn."""

    longest = 0.0

    def _run_once(self) -> None:
        before = time.thread_time()
        super()._run_once()  # type: ignore[misc]
        self.longest = max(self.longest, time.thread_time() - before)


class Door:
    """A whole gateway in a thread of its own, and how long its loop's turns are."""

    def __init__(self, loop: MeasuredLoop, address: tuple[str, int]) -> None:
        self.loop, self._address = loop, address
        self.plain = max(self.hold(PLAIN_PATH, worst.plain(SIZE)) for _ in range(TRIES))
        """Seconds of the longest turn while a plain body is answered."""

    def hold(self, path: str, body: bytes, encoding: str = "") -> float:
        """Seconds of the longest turn while *body* is answered."""
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
        connection = HTTPConnection(*self._address, timeout=600)
        self.loop.longest = 0.0
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status < 500, answer.status
        return self.loop.longest

    def assert_open(self, path: str, body: bytes, encoding: str = "") -> None:
        """Others come through while *body* is read."""
        ratios = []
        for _ in range(TRIES):
            # A plain one beside it: a machine that has become busy is slower for both.
            plain = max(self.plain, self.hold(PLAIN_PATH, worst.plain(SIZE)))
            ratios.append(self.hold(path, body, encoding) / plain)
            if ratios[-1] <= RATIO:
                return
        pytest.fail(f"{path}: the loop was held {min(ratios):.0f} times as long as by a plain body")


@contextmanager
def door_of(config: Path, postgres: str) -> Iterator[Door]:
    config.write_text(CONFIG)
    opened: SimpleQueue[tuple[MeasuredLoop, asyncio.Event, tuple[str, int]]] = SimpleQueue()

    async def live() -> None:
        async with open_gateway(load(config), postgres, may_migrate=False) as gateway:
            loop, stop = asyncio.get_running_loop(), asyncio.Event()
            assert isinstance(loop, MeasuredLoop)
            opened.put((loop, stop, gateway.server.addresses[0]))
            await stop.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=MeasuredLoop) as runner:
            runner.run(live())

    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()  # both as `serve` does: what was there before is not looked through again and again
    gc.set_threshold(10_000, 50, 50)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    loop, stop, address = opened.get(timeout=600)
    try:
        yield Door(loop, address)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        gc.set_threshold(*thresholds)
        gc.unfreeze()


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """PostgreSQL is away: what is measured is what stands before the answer."""
    with door_of(tmp_path_factory.mktemp("intake") / "gateway.toml", NOWHERE) as door:
        yield door


@pytest.fixture(scope="module")
def people(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, migrated_template: str
) -> Iterator[Door]:
    """With a database, for explain and forms."""
    name = databases.create(migrated_template)
    with door_of(
        tmp_path_factory.mktemp("people") / "gateway.toml", databases.url_of(name)
    ) as door:
        yield door
    databases.drop(name)


BODIES = worst.LISTS | worst.GROUPS | worst.SHARED


@pytest.mark.parametrize("name", BODIES)
def test_no_body_at_intake_holds_the_loop(intake: Door, name: str) -> None:
    body = BODIES[name](SIZE)
    for kind in ("prometheus", "alertmanager", "custom", "n9e", "mapped"):
        intake.assert_open(worst.INTAKE + kind, body)


@pytest.mark.parametrize("name", worst.SHAPED)
def test_no_body_that_a_mapping_reads_holds_the_loop(intake: Door, name: str) -> None:
    intake.assert_open(worst.INTAKE + "mapped", worst.SHAPED[name](SIZE))


@pytest.mark.parametrize("name", ["lone surrogates", "open lists", "empty objects", "annotations"])
def test_no_compressed_body_holds_the_loop(intake: Door, name: str) -> None:
    body = gzip.compress(worst.LISTS[name](SIZE))
    assert len(body) < SIZE / 2
    intake.assert_open("/api/v2/alerts", body, "gzip")


@pytest.mark.parametrize("make", [worst.bomb, worst.members_of_gzip], ids=["bomb", "members"])
def test_nothing_that_is_compressed_oddly_holds_the_loop(intake: Door, make: worst.Make) -> None:
    intake.assert_open("/api/v2/alerts", make(SIZE), "gzip")


@pytest.mark.parametrize("name", worst.LISTS)
def test_no_body_to_be_explained_holds_the_loop(people: Door, name: str) -> None:
    people.assert_open("/api/v1/explain", worst.LISTS[name](SIZE - 1000))


@pytest.mark.parametrize("name", worst.FORMS)
def test_no_form_holds_the_loop(people: Door, name: str) -> None:
    path, make = worst.FORMS[name]
    people.assert_open(path, make(SIZE - 1000))


def test_a_plain_body_to_be_explained_holds_it_no_longer(people: Door) -> None:
    people.assert_open("/api/v1/explain?source=prometheus", worst.plain(SIZE - 1000))
    people.assert_open("/api/v1/explain?source=prometheus", worst.plain(50_000))
