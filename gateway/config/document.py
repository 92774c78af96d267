"""The file as TOML: its tables, and where everything in it stands."""

import codecs
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.config.places import Places
from gateway.config.problems import ConfigError, Place, Problem

Document = dict[str, Any]

WANTED = "TOML file that this user may read; config.example.toml is one"

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_ENDLESS = re.compile(r"[0-9_]{4000,}")
"""Python reads no integer of more than 4300 digits."""


def read_document(path: Path | None) -> tuple[Document, Places]:
    """An empty one without a file; raises ConfigError if it cannot be read as TOML."""
    try:
        return _parsed(_text(path.read_bytes()) if path else "")
    except OSError as error:
        problem = Problem("", f"cannot be read: {error.strerror}. Give the path of a {WANTED}")
    except _NotReadable as error:
        problem = Problem("", error.message, error.line)
    raise ConfigError(path, [problem])


class _NotReadable(Exception):
    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message, line)
        self.message, self.line = message, line


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _NotReadable("is UTF-16: save it as UTF-8", 1)
    if content.startswith(codecs.BOM_UTF8):
        raise _NotReadable("begins with a byte order mark: save it as UTF-8 without one", 1)
    try:
        return content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _NotReadable(f"is not UTF-8 text: byte 0x{content[error.start]:02x}", line) from error


def _parsed(text: str) -> tuple[Document, Places]:
    try:
        return tomllib.loads(text), Places(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        raise _NotReadable(f"is not TOML: {_AT_LINE.sub('', str(error))}", line) from error
    except RecursionError as error:
        raise _NotReadable("is nested too deeply: no option lies so deep", None) from error
    except ValueError as error:
        endless = _ENDLESS.search(text)
        begin = endless.start() if endless else 0
        line = text.count("\n", 0, begin) + 1
        raise _NotReadable(
            "holds a number with too many digits: no option is so large", line
        ) from error


def with_null(value: object, place: Place = ()) -> Iterator[Place]:
    """The places of texts in *value*, and of keys, that hold U+0000."""
    if isinstance(value, str) and "\0" in value:
        yield place
    elif isinstance(value, dict):
        for key, inner in value.items():
            if "\0" in key:
                yield (*place, key)
            yield from with_null(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from with_null(inner, (*place, index))
