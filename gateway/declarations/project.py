"""A project: what belongs together, and who sees it."""

import re
from typing import Literal

import msgspec

_KEY = re.compile(r"[A-Z][A-Z0-9]{1,9}")

ProjectVisibility = Literal["tenant", "members"]


class Project(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As it was written. Its declaration's name is its key."""

    key: str
    """`OPS`, as in `OPS-123`; never used for another."""
    name: str = ""
    types: tuple[str, ...] = ()
    """Of its tickets; empty: all."""
    workflows: tuple[str, ...] = ()
    """Of its tickets, the first that fits; empty: the tenant's."""
    fields: tuple[str, ...] = ()
    sla: str = ""
    visibility: ProjectVisibility = "tenant"
    """Every operator of the tenant, or members alone."""
    groups: tuple[str, ...] = ()
    """Whose members are members."""


def check_key(text: str) -> None:
    """Raises ValueError for what is no key of a project."""
    if not _KEY.fullmatch(text):
        raise ValueError(
            f'{text!r} is no key: 2 to 10 capital letters and digits, a letter first, as in "OPS"'
        )
