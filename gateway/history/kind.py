"""Kinds of objects that have a history: one chain for each object."""

from enum import StrEnum


class Kind(StrEnum):
    """As `history.kind` names it."""

    TICKET = "ticket"
    SILENCE = "silence"
    ALERT = "alert"
    USER = "user"
    """With its roles and groups."""
    TOKEN = "token"  # noqa: S105  a word
    DECLARATION = "declaration"
