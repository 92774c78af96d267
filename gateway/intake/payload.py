"""Request bodies: what every adapter does with bytes before it looks at its own fields.

A good body is decoded once, into typed structures, with labels and annotations left as they are.
Only a body in which that fails pays for a closer look: `translate` then repairs what can be
repaired, names what cannot, and reads the items one by one, so that a bad one stays alone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from msgspec import Raw

from gateway.alerts.sighting import Sighting
from gateway.intake.source import Delivery, MalformedPayload, Rejected

MAX_DEPTH = 32
MAX_ITEMS = 100_000
MAX_LINK_CHARACTERS = 8192
MAX_NAME_CHARACTERS = 256

ABSENT = Raw(b"null")
"""Default of a field: what is not given is what is null."""
EMPTY_OBJECT = Raw(b"{}")
OPENING_BRACE = ord("{")

_BOM = b"\xef\xbb\xbf"
_SYNTAX = msgspec.json.Decoder(Raw)
_TEXT = msgspec.json.Decoder(str)
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: well
    rb"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|.)",
    re.DOTALL,
)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")


@dataclass(frozen=True, slots=True)
class BadItem(Exception):
    """One item cannot become a sighting. *pointer* (RFC 6901) leads from the item to the fault."""

    pointer: str
    detail: str
    reason: str
    """As `Rejected.reason`."""


def translate(
    body: bytes, quickly: Callable[[bytes], Delivery], carefully: Callable[[bytes], Delivery]
) -> Delivery:
    """Read *body* by *quickly*; where that raises anything about the content, by *carefully*.

    *quickly* may raise BadItem or msgspec.DecodeError. *carefully* gets text that is JSON of
    bounded depth without lone surrogates, and raises ValidationError for a wrong outer shape only.
    """
    text = _utf8(body)
    try:
        return quickly(text)
    except (msgspec.DecodeError, BadItem, RecursionError):
        text = well_formed(text)
    try:
        return carefully(text)
    except msgspec.ValidationError as error:
        raise MalformedPayload(f"the body has a wrong shape: {error}", code="shape") from error


def _utf8(body: bytes) -> bytes:
    if body.startswith(_BOM):
        body = body[len(_BOM) :]
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise MalformedPayload(
                f"the body is not UTF-8: {error.reason} at byte {error.start}", code="not_utf8"
            ) from error
    return body


def well_formed(body: bytes) -> bytes:
    """*body* as JSON that any decoder takes, or MalformedPayload saying why it is none."""
    text = _repaired(_utf8(body))
    if not text or text.isspace():
        raise MalformedPayload("the body is empty", code="empty_body")
    if _deeper_than(text, MAX_DEPTH):
        raise MalformedPayload(
            f"the body is nested more than {MAX_DEPTH} levels deep", code="too_deep"
        )
    try:
        _SYNTAX.decode(text)
    except msgspec.DecodeError as error:
        raise MalformedPayload(
            f"the body is not JSON: {error}, of {len(text)} bytes", code="not_json"
        ) from error
    return text


def _repaired(text: bytes) -> bytes:
    r"""Lone surrogates (`\ud800`), which no UTF-8 can hold, become U+FFFD."""
    if rb"\ud" not in text and rb"\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found["lone"] else found[0], text)


def _deeper_than(text: bytes, levels: int) -> bool:
    """Peels the innermost brackets, level by level, without recursion."""
    without_escapes = text.replace(rb"\\", b"").replace(rb"\"", b"")
    outside_strings = b"".join(without_escapes.split(b'"')[::2])
    brackets = outside_strings.translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(levels):
        peeled = brackets.replace(b"[]", b"")
        if len(peeled) == len(brackets):  # empty, or unbalanced and so no JSON
            return brackets.count(b"[") > levels
        brackets = peeled
    return bool(brackets)


class Items(NamedTuple):
    """The alerts of a body, and where they stand in it."""

    raws: list[Raw]
    place: str = ""
    """Pointer to their list."""
    alone: bool = False
    """The body is the one alert itself."""

    def pointer(self, index: int) -> str:
        """To one of them."""
        return self.place if self.alone else f"{self.place}/{index}"


Read = Callable[[int, Raw], Sighting]
"""Gives the sighting of one item, or raises BadItem."""


def translate_items(body: bytes, split: Callable[[bytes], Items], read: Read) -> Delivery:
    """`translate` for adapters without typed structures: *split* a body, *read* each item."""

    def quickly(text: bytes) -> Delivery:
        raws = split(text).raws
        bounded(len(raws))
        return Delivery([read(index, raw) for index, raw in enumerate(raws)])

    return translate(body, quickly, lambda text: one_by_one(split(text), read))


def one_by_one(items: Items, read: Read) -> Delivery:
    """Read each item by itself: a bad one is refused with its place, and alone."""
    bounded(len(items.raws))
    delivery = Delivery([])
    for index, raw in enumerate(items.raws):
        try:
            delivery.sightings.append(read(index, raw))
        except BadItem as bad:
            pointer = items.pointer(index) + bad.pointer
            error = f"{pointer}: {bad.detail}" if pointer else bad.detail
            delivery.rejected.append(Rejected(index, error, bad.reason, bytes(raw)))
    return delivery


def bounded(count: int) -> None:
    """Refuse a body of more alerts than any sender gathers."""
    if count > MAX_ITEMS:
        raise MalformedPayload(f"{count} alerts in one body, {MAX_ITEMS} at most", code="too_many")


def objects(labels: bytes, annotations: bytes) -> bytes:
    """The annotations to use; BadItem if *labels* is no object.

    Annotations only describe: what is no object is left out, and refuses nothing.
    """
    if labels == b"null":
        raise BadItem("/labels", "labels are required", "labels")
    if labels[0] != OPENING_BRACE:
        raise BadItem("/labels", "must be an object", "labels")
    return annotations if annotations[0] == OPENING_BRACE else b"{}"


def text_or_empty(raw: Raw) -> str:
    """A field that an alert can do without: its text if it is one, else empty."""
    try:
        return _TEXT.decode(raw)
    except msgspec.ValidationError:
        return ""


def scalar_text(raw: Raw, pointer: str, reason: str = "shape") -> str:
    """A string's text, a number's or boolean's literal, empty for null; BadItem for the rest."""
    literal = bytes(raw)
    if literal[:1] == b'"':
        return _TEXT.decode(literal)
    if literal[:1] in (b"{", b"["):
        raise BadItem(pointer, "must be a string, a number or a boolean", reason)
    return "" if literal == b"null" else literal.decode()


def time_text(raw: Raw, pointer: str) -> str:
    """A time field's text, empty if it is not given; BadItem if it is no string."""
    if bytes(raw) == b"null":
        return ""
    try:
        return _TEXT.decode(raw)
    except msgspec.ValidationError as error:
        raise BadItem(pointer, "must be a string holding an RFC 3339 time", "time") from error


def unreadable_time(pointer: str, text: str) -> BadItem:
    """The fault of a time text that names no instant."""
    return BadItem(pointer, f"not an RFC 3339 time: {text[:64]!r}", "time")


def tidy_link(link: str) -> str:
    """A link that can be stored; one too long is dropped, as half a link leads nowhere."""
    return "" if len(link) > MAX_LINK_CHARACTERS else link.replace("\0", "\ufffd")


def tidy_name(name: str) -> str:
    """A source's own name for something, short enough to be looked up by; else none."""
    return "" if len(name) > MAX_NAME_CHARACTERS else name.replace("\0", "\ufffd")


def pointer_to(*keys: str) -> str:
    """RFC 6901."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
