"""Request bodies: what every adapter does with bytes before it looks at its own fields.

A good body is decoded once, into typed structures, with labels and annotations left as they are.
Only a body in which that fails pays for a closer look: `translate` then repairs what can be
repaired, names what cannot, and reads the items one by one, so that a bad one stays alone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Raw

from gateway.alerts.labels import MAX_ANNOTATIONS_BYTES, MAX_LABEL_SET_BYTES
from gateway.alerts.sighting import Sighting
from gateway.intake.delivery.source import Delivery, MalformedPayload, Rejected
from gateway.intake.delivery.steps import AT_ONCE, Steps, portions
from gateway.reading.outline import commas_at, deeper_than
from gateway.reading.surrogates import without_lone_surrogates

T = TypeVar("T")

MAX_DEPTH = 32
MAX_ITEMS = 100_000
MAX_LINK_CHARACTERS = 8192
MAX_NAME_CHARACTERS = 256
MAX_ERROR_CHARACTERS = 512
SMALL_BYTES = 64 * 1024
"""Of a body in which no single item can be long work."""

ABSENT = Raw(b"null")
"""Default of a field: what is not given is what is null."""
EMPTY_OBJECT = Raw(b"{}")
OPENING_BRACE = ord("{")

_BOM = b"\xef\xbb\xbf"
_SYNTAX = msgspec.json.Decoder(Raw)
_TEXT = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class BadItem(Exception):
    """One item cannot become a sighting. *pointer* (RFC 6901) leads from the item to the fault."""

    pointer: str
    detail: str
    reason: str
    """As `Rejected.reason`."""


def translate(
    body: bytes, quickly: Callable[[bytes], Steps[T]], carefully: Callable[[bytes], Steps[T]]
) -> Steps[T]:
    """Read *body* by *quickly*; where that raises anything about the content, by *carefully*.

    *quickly* may raise BadItem or msgspec.DecodeError. *carefully* gets text that is JSON of
    bounded depth without lone surrogates, and raises ValidationError for a wrong outer shape only.
    """
    text = _utf8(body)
    try:
        return (yield from quickly(text))
    except (msgspec.DecodeError, BadItem, RecursionError):
        text = yield from well_formed(text)
    try:
        return (yield from carefully(text))
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


def well_formed(body: bytes) -> Steps[bytes]:
    """*body* as JSON that any decoder takes, or MalformedPayload saying why it is none."""
    text = yield from without_lone_surrogates(_utf8(body))
    if not text or text.isspace():
        raise MalformedPayload("the body is empty", code="empty_body")
    if (yield from deeper_than(text, MAX_DEPTH)):
        raise MalformedPayload(
            f"the body is nested more than {MAX_DEPTH} levels deep", code="too_deep"
        )
    try:
        _SYNTAX.decode(text)
    except msgspec.DecodeError as error:
        raise MalformedPayload(
            f"the body is not JSON: {error}, of {len(text)} bytes", code="not_json"
        ) from error
    yield
    return text


class Items(NamedTuple):
    """The alerts of a body, and where they stand in it."""

    raws: list[Raw]
    place: str = ""
    """Pointer to their list."""
    alone: bool = False
    """The body is the one alert itself."""
    complete: Callable[[Raw], Raw] | None = None
    """Adds to an item what the body says of all of them."""

    def pointer(self, index: int) -> str:
        """To one of them."""
        return self.place if self.alone else f"{self.place}/{index}"


ReadItem = Callable[[int, Raw], Sighting]
"""Gives the sighting of one item, or raises BadItem."""


def translate_items(
    body: bytes, split: Callable[[bytes], Items], read: ReadItem
) -> Steps[Delivery]:
    """`translate` for adapters without typed structures: *split* a body, *read* each item."""

    def quickly(text: bytes) -> Steps[Delivery]:
        yield from refuse_crowd(text, b",")
        items = split(text)
        if items.complete is not None:
            return (yield from one_by_one(items, read))
        bounded(len(items.raws))
        sightings: list[Sighting] = []
        for portion in portions(items.raws, AT_ONCE if len(text) <= SMALL_BYTES else 1):
            sightings += [read(index, raw) for index, raw in portion]
            yield
        return Delivery(sightings)

    def carefully(text: bytes) -> Steps[Delivery]:
        yield from refuse_crowd(text, b",")
        return (yield from one_by_one(split(text), read))

    return translate(body, quickly, carefully)


def one_by_one(items: Items, read: ReadItem) -> Steps[Delivery]:
    """Read each item by itself: a bad one is refused with its place, and alone."""
    bounded(len(items.raws))
    delivery = Delivery([])
    for index, raw in enumerate(items.raws):
        if items.complete is not None:
            raw = items.complete(raw)
        try:
            delivery.sightings.append(read(index, raw))
        except BadItem as bad:
            pointer = items.pointer(index) + bad.pointer
            error = f"{pointer}: {bad.detail}" if pointer else bad.detail
            error = error[:MAX_ERROR_CHARACTERS]
            delivery.rejected.append(Rejected(index, error, bad.reason, bytes(raw)))
        yield
    return delivery


def refuse_crowd(text: bytes, mark: bytes) -> Iterable[None]:
    """Refuse a body of far too many items before each of them is made an object in memory.

    To be yielded from. Each item has *mark* at least once; few bodies hold so many marks that
    their items must be counted.
    """
    if len(text) <= 3 * MAX_ITEMS or text.count(mark) <= 3 * MAX_ITEMS:
        return ()
    return _refuse_counted(text)


def _refuse_counted(text: bytes) -> Steps[None]:
    level = 1 if text.lstrip()[:1] == b"[" else 2
    bounded(1 + (yield from commas_at(text, level, MAX_ITEMS)))


def bounded(count: int) -> None:
    """Refuse a body of more alerts than any sender gathers."""
    if count > MAX_ITEMS:
        raise MalformedPayload(f"{count} alerts in one body, {MAX_ITEMS} at most", code="too_many")


def objects(labels: bytes, annotations: bytes) -> bytes:
    """The annotations to use; BadItem if *labels* is no object.

    Annotations only describe: what is no object, or too large, is left out and refuses nothing.
    """
    if labels == b"null":
        raise BadItem("/labels", "labels are required", "labels")
    if labels[0] != OPENING_BRACE:
        raise BadItem("/labels", "must be an object", "labels")
    if len(labels) > MAX_LABEL_SET_BYTES:
        raise too_large("/labels", labels)
    return described(annotations)


def described(annotations: bytes) -> bytes:
    """*annotations* if they are an object of bearable size, else an empty one."""
    bearable = len(annotations) <= MAX_ANNOTATIONS_BYTES
    return annotations if bearable and annotations[0] == OPENING_BRACE else b"{}"


def too_large(pointer: str, labels: bytes) -> BadItem:
    """The fault of labels that take more bytes than they may; not even decoded."""
    detail = f"labels take {len(labels)} bytes, more than {MAX_LABEL_SET_BYTES}"
    return BadItem(pointer, detail, "labels")


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
