"""Label sets: decoded from a sender's JSON, checked, cleaned, and in one canonical byte form."""

from collections.abc import Mapping

import msgspec
import orjson

from gateway.errors import Refused

MAX_LABELS = 128
MAX_NAME_BYTES = 256
MAX_LABEL_SET_BYTES = 64 * 1024


class BadLabels(Refused):
    """The labels of one alert cannot name anything; the others of its delivery are not harmed."""


MAX_ANNOTATION_CHARACTERS = 16 * 1024
MAX_ANNOTATIONS_BYTES = 1024 * 1024
"""Of one alert, as sent: larger ones are left out, not looked through."""

_decoder = msgspec.json.Decoder(dict[str, str | None])
_annotations = msgspec.json.Decoder(dict[str, object] | None)


def decode_labels(raw: bytes) -> dict[str, str]:
    """Sorted by name, empty values dropped, NUL replaced by U+FFFD; raises BadLabels.

    A missing label equals an empty one everywhere, so dropping empty values loses nothing.
    """
    if len(raw) > MAX_LABEL_SET_BYTES:
        raise BadLabels(f"labels take {len(raw)} bytes, more than {MAX_LABEL_SET_BYTES}")
    try:
        labels = _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLabels(f"labels must be an object of strings: {error}") from error
    filled = sorted((name, value) for name, value in labels.items() if value)
    clean = {_without_nul(name): _without_nul(value) for name, value in filled}
    _check(clean)
    return dict(sorted(clean.items()))  # anew: what replaced a NUL sorts elsewhere


def _without_nul(text: str) -> str:
    # PostgreSQL takes no NUL in text, and one such label must not poison its batch.
    return text.replace("\0", "\ufffd") if "\0" in text else text


def _check(labels: Mapping[str, str]) -> None:
    if not labels:
        raise BadLabels("at least one label pair required")
    if len(labels) > MAX_LABELS:
        raise BadLabels(f"{len(labels)} labels, more than {MAX_LABELS}")
    for name in labels:
        if not name:
            raise BadLabels("a label name is empty")
        if len(name.encode()) > MAX_NAME_BYTES:
            raise BadLabels(f"a label name is longer than {MAX_NAME_BYTES} bytes: {name[:40]}…")


def canonical(labels: Mapping[str, str]) -> bytes:
    """The one byte form of a sorted label set: what is hashed and stored."""
    return orjson.dumps(labels)


def decode_annotations(raw: bytes) -> dict[str, str]:
    """Annotations only describe: what cannot be read is left out, nothing is refused."""
    if len(raw) > MAX_ANNOTATIONS_BYTES:
        return {}
    try:
        found = _annotations.decode(raw) or {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return {
        _without_nul(name)[:MAX_NAME_BYTES]: _without_nul(_text(value))[:MAX_ANNOTATION_CHARACTERS]
        for name, value in list(found.items())[:MAX_LABELS]
        if value is not None
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
