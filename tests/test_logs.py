"""Logs: every line is one event, safe to print, and holds no secret; whatever was logged."""

import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from logging.handlers import QueueHandler
from queue import SimpleQueue
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway import logs
from gateway.access.token import OF_ROLE, OF_USER, mint
from gateway.logs import MAX_CHARACTERS, Format, formatter, get_logger, set_up_logs

CANARY = 'canary-5ecret/"ü+'
JSON_LINE = formatter(console=False, colors=False, secrets=[CANARY])
CONSOLE_LINE = formatter(console=True, colors=False, secrets=[CANARY])


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What the process wrote to stderr. The set-up of logs is undone afterwards."""
    root = logging.getLogger()
    level = root.level
    yield lambda: capsys.readouterr().err
    for handler in root.handlers[:]:
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


class RecordKeeper(QueueHandler):
    """Keeps records as they are."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record


def record_of(event: str, **data: Any) -> logging.LogRecord:
    """The record of one log call."""
    caught: SimpleQueue[logging.LogRecord] = SimpleQueue()
    logger = logging.Logger("gateway.somewhere")
    logger.addHandler(RecordKeeper(caught))
    structlog.wrap_logger(
        logger,
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    ).warning(event, **data)
    return caught.get_nowait()


def logged(event: str, **data: Any) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(JSON_LINE.format(record_of(event, **data)))
    return line


def test_a_line_says_when_how_grave_what_and_where_and_then_the_data() -> None:
    record = record_of("message given up", sink="hook", attempts=3, late=True, delay=1.5, by=None)
    record.created = 1772366407.9
    line = json.loads(JSON_LINE.format(record))
    assert list(line.items()) == [
        ("timestamp", "2026-03-01T12:00:07.900Z"),
        ("level", "warning"),
        ("event", "message given up"),
        ("logger", "gateway.somewhere"),
        ("pid", record.process),
        ("sink", "hook"),
        ("attempts", 3),
        ("late", True),
        ("delay", 1.5),
        ("by", None),
    ]


def test_data_cannot_pose_as_what_the_line_says_itself() -> None:
    line = logged("a b", timestamp="then", level="debug", logger="x", pid=1)
    assert line["level"] == "warning"
    assert line["logger"] == "gateway.somewhere"
    assert line["timestamp"] != "then"
    assert line["pid"] != 1


def test_control_characters_are_escaped() -> None:
    line = logged("a", value='x\n{"level":"error"}\r\x1b[31m\x00\x7f\x9b\u202e\u2028\ud800')
    assert line["value"] == (
        'x\\n{"level":"error"}\\r\\x1b[31m\\x00\\x7f\\x9b\\u202e\\u2028\\ud800'
    )


def test_names_escape_controls_too() -> None:
    assert logged("a", labels={"x\ny": 1})["labels"] == {"x\\ny": 1}


def test_readable_text_stays_as_it_is() -> None:
    text = "磁盘使用率 > 90% 'déjà' \\ \"vu\" 🔥"
    assert logged("a", value=text)["value"] == text


def test_a_value_is_cut_at_256_characters() -> None:
    assert logged("a", value="x" * MAX_CHARACTERS)["value"] == "x" * MAX_CHARACTERS
    cut = logged("a", value="x" * 100_000)["value"]
    assert cut == "x" * (MAX_CHARACTERS - 1) + "…"


def test_lists_and_tables_are_bounded() -> None:
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    line = logged("a", many=list(range(1000)), deep=deep, wide={str(i): i for i in range(1000)})
    assert len(line["many"]) == len(line["wide"]) == logs.MAX_ITEMS
    assert len(json.dumps(line["deep"])) < 1000


def test_any_value_can_be_logged() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    line = logged(
        "a",
        broken=Broken(),
        bytes=b"\xff\x00a",
        huge=10**5000,
        at=datetime(2026, 3, 1, tzinfo=UTC),
        nan=float("nan"),
        keys={1: "a", None: "b"},
        some={"x"},
    )
    assert line["broken"] == "<Broken>"
    assert line["bytes"] == "\\xff\\x00a"
    assert line["at"] == "2026-03-01T00:00:00+00:00"
    assert line["nan"] is None
    assert line["keys"] == {"1": "a", "None": "b"}
    assert line["some"] == ["x"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(event=st.text(), value=VALUES)
def test_whatever_is_logged_a_json_line_is_one_line_of_printable_json(
    event: str, value: object
) -> None:
    line = JSON_LINE.format(record_of(event, value=value))
    assert json.loads(line)["level"] == "warning"
    assert "\n" not in line
    assert not [c for c in line if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0]


@given(event=st.text(), value=VALUES)
def test_whatever_is_logged_a_console_line_is_one_line(event: str, value: object) -> None:
    line = CONSOLE_LINE.format(record_of(event, value=value))
    assert len(line.splitlines()) == 1


def _fail(text: str) -> None:
    raise ValueError(text)


def _exception(text: str) -> ValueError:
    try:
        _fail(text)
    except ValueError as error:
        return error
    raise AssertionError


def test_an_exception_comes_with_its_traceback() -> None:
    trace = logged("a", exc_info=_exception("went wrong"))["exception"]
    assert trace.startswith("Traceback (most recent call last):\n")
    assert trace.endswith("ValueError: went wrong")
    assert "in _fail" in trace


def test_at_a_console_no_line_of_an_exception_can_pass_for_a_line_of_the_log() -> None:
    forged = "x\n2026-03-01T12:00:00.000Z [info] all is well\r2026-03-01"
    first, *rest = CONSOLE_LINE.format(record_of("a", exc_info=_exception(forged))).splitlines()
    assert "a" in first
    assert rest
    assert all(line.startswith("  | ") for line in rest)


PLACES: dict[str, Callable[[str], logging.LogRecord]] = {
    "a value": lambda secret: record_of("a", value=f"before {secret} after"),
    "the event": lambda secret: record_of(f"a {secret}"),
    "a name": lambda secret: record_of("a", table={secret: 1}),
    "deep inside": lambda secret: record_of("a", table={"x": [("y", {"z": secret})]}),
    "bytes": lambda secret: record_of("a", value=secret.encode()),
    "across the cut": lambda secret: record_of("a", value="x" * (MAX_CHARACTERS - 5) + secret),
    "an object's text": lambda secret: record_of("a", value=LookupError(secret)),
    "an exception": lambda secret: record_of("a", exc_info=_exception(f"GET /{secret}")),
    "a library's record": lambda secret: logging.LogRecord(
        "lib", logging.ERROR, "lib.py", 1, "to %s", (secret,), None
    ),
    "a library's extra": lambda secret: logging.makeLogRecord({"msg": "a", "extra": secret}),
}


@pytest.mark.parametrize("line", [JSON_LINE, CONSOLE_LINE], ids=["json", "console"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("written", [CANARY, "canary-5ecret%2F%22%C3%BC%2B"])
def test_a_configured_secret_is_never_seen(
    line: logging.Formatter, place: str, written: str
) -> None:
    text = line.format(PLACES[place](written))
    assert "5ecret" not in text
    assert "canary" not in text


@pytest.mark.parametrize("line", [JSON_LINE, CONSOLE_LINE], ids=["json", "console"])
@pytest.mark.parametrize(
    "value",
    [
        {"Authorization": "t0ps3cret"},
        {"headers": {"authorization": ["Custom", "t0ps3cret"]}},
        {"proxy_password": "t0ps3cret"},
        "Authorization: Bearer t0ps3cret",
        "{'Authorization': 'Token t0ps3cret'}",
        "authorization=t0ps3cret;",
        "sent bearer t0ps3cret to it",
        "Basic YW5uYTp0MHBzM2NyZXQ=t0ps3cret",
        "https://anna:t0ps3cret@hooks.example.org/",
        b"Authorization: Digest t0ps3cret",
    ],
)
def test_what_looks_like_a_credential_is_never_seen(line: logging.Formatter, value: object) -> None:
    text = line.format(record_of("a", value=value))
    assert "t0ps3cret" not in text
    assert logs.REDACTED in text


@pytest.mark.parametrize("line", [JSON_LINE, CONSOLE_LINE], ids=["json", "console"])
@pytest.mark.parametrize("place", [*PLACES])
def test_of_a_token_of_ours_no_place_shows_more_than_its_id(
    line: logging.Formatter, place: str
) -> None:
    minted = mint(OF_USER)
    text = line.format(PLACES[place](f"token={minted.text} of anna"))
    assert minted.text.rpartition("_")[2] not in text
    assert logs.REDACTED in text or place == "across the cut"


def test_the_id_of_a_token_stays_to_be_found_by() -> None:
    minted = mint(OF_ROLE)
    shown = f"agw_t_{minted.id.removeprefix('t_')}{logs.REDACTED}"
    assert logged("a", value=minted.text)["value"] == shown


def test_what_only_talks_of_credentials_stays() -> None:
    text = "the bearer of this has basic skills, see https://example.org/a@b"
    line = logged("a", value=text, token_file="/etc/token")
    assert line["value"] == text
    assert line["token_file"] == "/etc/token"


def test_an_empty_secret_strikes_out_nothing() -> None:
    line = formatter(console=False, colors=False, secrets=["", "x1"])
    assert json.loads(line.format(record_of("a b", v="x1 y")))["v"] == "[redacted] y"


def test_a_secret_that_begins_another_leaves_no_rest_of_it() -> None:
    line = formatter(console=False, colors=False, secrets=["abcd", "abcdefgh"])
    assert json.loads(line.format(record_of("a", v="abcdefgh")))["v"] == "[redacted]"


WORD = formatter(console=False, colors=False, secrets=["gateway", "alert-1", "message"])


@pytest.mark.parametrize(
    "value",
    [
        "gateway.workers.supervisor",
        "alert-gateway",
        "gateway_journal_bytes",
        "gateways",
        "/srv/gateway/app.py",
        "/api/v1/gateway",
        "gateway-2",
        "alert-17",
        "an_alert-1",
    ],
)
def test_a_secret_that_is_a_part_of_a_larger_word_is_that_word(value: str) -> None:
    assert json.loads(WORD.format(record_of("a", value=value)))["value"] == value


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("gateway", "[redacted]"),
        ("tried gateway.", "tried [redacted]."),
        ("password=gateway&x", "password=[redacted]&x"),
        ("'gateway', \"alert-1\"", "'[redacted]', \"[redacted]\""),
        ("anna:gateway", "anna:[redacted]"),
        ("GET /gateway", "GET /[redacted]"),
    ],
)
def test_a_secret_that_stands_alone_is_struck_out_however_common_it_is(
    value: str, seen: str
) -> None:
    assert json.loads(WORD.format(record_of("a", value=value)))["value"] == seen


def test_our_own_words_are_no_secrets() -> None:
    line = json.loads(WORD.format(record_of("message given up by the gateway", message=7)))
    assert line["logger"] == "gateway.somewhere"
    assert line["event"] == "message given up by the gateway"
    assert line["message"] == 7
    theirs = logging.LogRecord("lib", logging.ERROR, "x.py", 1, "no %s", ("gateway",), None)
    assert json.loads(WORD.format(theirs))["event"] == "no [redacted]"


def test_a_long_secret_is_struck_out_even_inside_of_a_word() -> None:
    secret = "c" * 20
    line = formatter(console=False, colors=False, secrets=[secret])
    assert json.loads(line.format(record_of("a", v=f"x{secret}y")))["v"] == "x[redacted]y"


@pytest.mark.parametrize("log_format", ["json", "console", "auto"])
def test_after_set_up_no_way_to_log_shows_the_canary(
    written: Callable[[], str], log_format: Format
) -> None:
    set_up_logs("debug", log_format, [CANARY])
    get_logger("gateway.x").info("ours", value=CANARY)
    logging.getLogger("lib").error("theirs %s", CANARY)
    structlog.get_logger("another").warning("structlog's", value=CANARY)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(CANARY + " a warning", UserWarning, stacklevel=1)
    try:
        _fail(CANARY)
    except ValueError:
        get_logger("gateway.x").exception("failed")
    lines = written()
    for event in ("ours", "theirs", "structlog's", "a warning", "failed"):
        assert event in lines
    assert "canary-" not in lines


def test_without_a_terminal_lines_are_json_and_below_the_level_nothing_is_written(
    written: Callable[[], str],
) -> None:
    set_up_logs("warning")
    get_logger("gateway.x").info("quiet")
    get_logger("gateway.x").warning("loud")
    [line] = written().splitlines()
    assert json.loads(line)["event"] == "loud"


def test_at_a_terminal_lines_are_for_people(
    written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    set_up_logs("info")
    get_logger("gateway.x").info("ready", port=9096)
    line = written()
    assert "ready" in line
    assert "\x1b[" in line
    assert not line.startswith("{")


def test_a_second_set_up_replaces_the_first(written: Callable[[], str]) -> None:
    set_up_logs("info", "json")
    set_up_logs("info", "json")
    get_logger("gateway.x").info("once")
    assert len(written().splitlines()) == 1


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="no such log level: loud"):
        set_up_logs("loud")
