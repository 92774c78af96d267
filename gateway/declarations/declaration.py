"""A declaration: a kind, a name, and what it says.

Two are equal if what was *written* is equal. What is worked out when it is declared (the dates of
holidays) is in its body and not in its checksum: a later release of a library makes no version.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
import orjson

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class DeclarationKind(StrEnum):
    """As `declarations.kind` names it."""

    WORKFLOW = "workflow"
    APPROVAL = "approval"
    POLICY = "sla"
    CALENDAR = "calendar"
    FIELD = "field"
    CATALOG_ITEM = "catalog"
    PROJECT = "project"
    PRIORITY_MATRIX = "priority_matrix"


MATRIX_NAME = "default"
"""A tenant has one priority matrix."""


class DeclarationOrigin(StrEnum):
    """Who declared it. What is shipped gives way to both of the others."""

    SHIPPED = "shipped"
    CONFIG = "config"
    API = "api"


class Named(NamedTuple):
    """What a declaration is found by, in its tenant."""

    kind: DeclarationKind
    name: str


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """To be declared."""

    kind: DeclarationKind
    name: str
    written: Mapping[str, Any]
    """Normal: equal ones say the same. Texts, numbers, booleans, arrays and tables."""
    origin: DeclarationOrigin
    place: int = 0
    """In the order in which its origin lists those of its kind."""

    @property
    def named(self) -> Named:
        """What it is found by."""
        return Named(self.kind, self.name)

    @property
    def checksum(self) -> bytes:
        """32 bytes, over what was written."""
        return sha256(canonical(self.written)).digest()


def canonical(body: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def check_name(name: str) -> None:
    """Raises ValueError for what could stand in no URL."""
    if not _NAME.fullmatch(name):
        raise ValueError("a name is 1 to 64 letters, digits, `.`, `_` and `-`")
