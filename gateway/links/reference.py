"""References to what lives elsewhere, and people who watch a ticket."""

from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

MOST_REFERENCES = 200
"""On one ticket."""
MOST_WATCHERS = 500
MAX_REFERENCE_CHARACTERS = 500
MAX_URL_CHARACTERS = 2_000


class ReferenceKind(StrEnum):
    """What is referred to. Changes and problems of ours are links."""

    ASSET = "asset"
    SERVICE = "service"
    EVIDENCE = "evidence"
    VULNERABILITY = "vulnerability"
    KNOWLEDGE = "knowledge"
    CHANGE = "change"
    PROBLEM = "problem"
    EXTERNAL = "external"
    URL = "url"


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """As stored."""

    ticket_id: str
    kind: ReferenceKind
    reference: str
    """What the other place calls it."""
    title: str = ""
    url: str = ""
    """Of http or https; empty: none."""

    @property
    def place(self) -> tuple[ReferenceKind, str]:
        """Names it, on its ticket."""
        return self.kind, self.reference


class Watcher(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who hears of a ticket."""

    ticket_id: str
    user_id: str


def is_web_address(text: str) -> bool:
    """Would a browser open it as a page, and as nothing else?"""
    is_plain = text.isascii() and text.isprintable() and " " not in text
    if not is_plain or len(text) > MAX_URL_CHARACTERS:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def one_line(text: str) -> str:
    """As a name is kept: no line breaks, no blanks around it, cut at 500 characters."""
    return " ".join(text.split())[:MAX_REFERENCE_CHARACTERS].rstrip()
