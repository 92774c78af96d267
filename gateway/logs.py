"""Logs: one line an event on stderr, safe to print and free of secrets.

    _logger = get_logger(__name__)
    _logger.warning("message given up", sink=name, attempts=3)

The event is a fixed sentence; what varies is data. Whatever the data holds, control characters are
escaped, values are cut at 256 characters, and secrets are struck out. Records of libraries that
use `logging` take the same way.
"""

import logging
import re
import sys
from collections.abc import Collection, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

import orjson
import structlog

Format = Literal["auto", "json", "console"]
"""auto: console if stderr is a terminal, else json."""

MAX_CHARACTERS = 256
MAX_TRACEBACK_CHARACTERS = 16_384
MAX_ITEMS = 32
MAX_DEPTH = 4
REDACTED = "[redacted]"

_LARGEST_EXACT_INTEGER = 2**53
_MAYBE_A_NAME = re.compile(r"[\w.-]{1,19}")
"""A secret like this may also be a word of ours, as `gateway` is: only where it stands alone it is
the secret. A longer or odder one is nothing else, and struck out wherever it stands."""
_NOTHING = re.compile(r"(?!)")
_SECRET_KEYS = ("authorization", "password", "secret", "token", "cookie")
_CREDENTIALS = re.compile(
    r"(?P<kept>\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]+(?:\s+[^\s\"',;]+)?"
    r"|(?P<scheme>\b(?:bearer|basic|digest)\s+)[\w+/.~=-]{8,}"
    r"|(?P<start>://)[^/\s@]+@"
    r"|(?P<token>agw_[a-z]_\w{8})_\w+",
    re.IGNORECASE,
)
# C0 and C1 controls, and what hides or reorders text: a line must look like what it says.
_DANGEROUS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)

_Event = MutableMapping[str, Any]
_TO_FORMATTER: list[structlog.types.Processor] = [
    structlog.stdlib.filter_by_level,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose keyword arguments are data; *name* is the module's."""
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=_TO_FORMATTER,
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return logger


def set_up_logs(level: str, log_format: Format = "auto", secrets: Collection[str] = ()) -> None:
    """Send every log record of the process to stderr; call once, at the start.

    *level* is `debug`, `info`, `warning` or `error` (ValueError else). *secrets* are the exact
    strings that must never be seen in a log.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"no such log level: {level}")
    console = sys.stderr.isatty() if log_format == "auto" else log_format == "console"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(console, sys.stderr.isatty(), secrets))
    logging.basicConfig(level=number, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # For a library that logs through structlog itself, whose default would print to stdout.
    structlog.configure(
        processors=_TO_FORMATTER,
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def formatter(console: bool, colors: bool, secrets: Collection[str]) -> logging.Formatter:
    """Turns a record into its line: as JSON, or for people at a console."""
    rendering: list[structlog.types.Processor]
    if console:
        renderer = structlog.dev.ConsoleRenderer(
            colors=colors,
            sort_keys=False,
            pad_event_to=0,
            exception_formatter=structlog.dev.plain_traceback,
        )
        rendering = [_indent_traceback, renderer]
    else:
        rendering = [_render_json]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.processors.format_exc_info,
            _add_origin,
            _Cleaner(secrets),
            *rendering,
        ],
    )


def _add_origin(_logger: object, _method: str, event: _Event) -> _Event:
    """When, how grave, what, where; in this order, before the data."""
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog")
    created = datetime.fromtimestamp(record.created, UTC)
    return {
        "timestamp": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "event": event.pop("event", ""),
        "logger": record.name,
        "pid": record.process,
    } | {
        key: value
        for key, value in event.items()
        if key not in ("timestamp", "level", "logger", "pid")
    }


class _Cleaner:
    """Makes an event harmless: plain values, no secrets, no control characters, bounded."""

    def __init__(self, secrets: Collection[str]) -> None:
        written = {secret for secret in secrets if secret}
        written |= {quote(secret, safe="") for secret in written}
        names = {secret for secret in written if _MAYBE_A_NAME.fullmatch(secret)}
        alone = rf"(?<!\w)(?<!\w[./-]){_any_of(names)}(?!\w)(?![./-]\w)"
        self._odd = re.compile(_any_of(written - names))
        self._secrets = re.compile(f"{_any_of(written - names)}|{alone}")

    def __call__(self, _logger: object, _method: str, event: _Event) -> _Event:
        traceback = event.pop("exception", None)
        clean = {key: event.pop(key) for key in ("timestamp", "level", "event", "logger", "pid")}
        is_ours = str(clean["logger"]).partition(".")[0] == "gateway"
        clean["event"] = self._text(_string_of(clean["event"]), self._of_constants(is_ours))
        clean["logger"] = self._text(str(clean["logger"]), _NOTHING)
        clean |= self._mapping(event, MAX_DEPTH)
        if traceback is not None:
            lines = self._redact(str(traceback), self._secrets).split("\n")
            text = "\n".join(_DANGEROUS.sub(_escape, line) for line in lines)
            # The end of a traceback says more than its beginning.
            clean["exception"] = text[-MAX_TRACEBACK_CHARACTERS:]
        return clean

    def _of_constants(self, are_ours: bool) -> re.Pattern[str]:
        """Our events and the names of data are fixed in the code: their words are no secrets."""
        return self._odd if are_ours else self._secrets

    def _mapping(self, mapping: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        clean: dict[str, Any] = {}
        struck = self._of_constants(depth == MAX_DEPTH)
        for key, value in list(mapping.items())[:MAX_ITEMS]:
            name = self._text(_string_of(key), struck)
            secret = name.lower().endswith(_SECRET_KEYS) and value
            clean[name] = REDACTED if secret else self._value(value, depth)
        return clean

    def _value(self, value: Any, depth: int) -> Any:
        match value:
            case None | bool() | float():
                return value
            case int() if abs(value) <= _LARGEST_EXACT_INTEGER:
                return int(value)
            case Mapping() if depth > 0:
                return self._mapping(value, depth - 1)
            case list() | tuple() | set() | frozenset() if depth > 0:
                return [self._value(each, depth - 1) for each in list(value)[:MAX_ITEMS]]
            case _:
                return self._text(_string_of(value), self._secrets)

    def _text(self, text: str, struck: re.Pattern[str]) -> str:
        """Struck out first: a secret that is cut or escaped would no longer be found."""
        escaped = _DANGEROUS.sub(_escape, self._redact(text, struck))
        return escaped if len(escaped) <= MAX_CHARACTERS else escaped[: MAX_CHARACTERS - 1] + "…"

    def _redact(self, text: str, struck: re.Pattern[str]) -> str:
        return _CREDENTIALS.sub(_strike_out, struck.sub(REDACTED, text))


def _any_of(texts: Collection[str]) -> str:
    """A pattern for each of them, the longest first; without any it matches nothing."""
    longest_first = sorted(texts, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first)) or _NOTHING.pattern})"


def _string_of(value: object) -> str:
    match value:
        case str():
            return str(value)
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case datetime():
            return value.isoformat()
    try:
        return str(value)
    except Exception:  # noqa: BLE001  a log line is never a reason to fail
        return f"<{type(value).__name__}>"


def _strike_out(match: re.Match[str]) -> str:
    if match["start"]:
        return f"{match['start']}{REDACTED}@"
    return f"{match['kept'] or match['scheme'] or match['token']}{REDACTED}"


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _render_json(_logger: object, _method: str, event: _Event) -> str:
    return orjson.dumps(dict(event)).decode()


def _indent_traceback(_logger: object, _method: str, event: _Event) -> _Event:
    """So that no line of an exception's text can pass for a line of the log."""
    if "exception" in event:
        event["exception"] = "\n".join(f"  | {line}" for line in event["exception"].split("\n"))
    return event
