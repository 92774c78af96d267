"""A catalog item: something that can be asked for, and what becomes of it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.sla.policy import priority_named


class CatalogItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As it was written. What is empty is decided as for any other ticket."""

    name: str
    title: str = ""
    type: str = "service_request"
    workflow: str = ""
    start: str = ""
    """The state in which its tickets begin."""
    project: str = ""
    group: str = ""
    priority: str = ""
    impact: str = ""
    urgency: str = ""
    sla: str = ""
    approval: str = ""
    fields: tuple[str, ...] = ()
    visible_to: tuple[str, ...] = ()
    """Groups, or roles; empty: everybody who may ask for anything."""


def read_catalog_item(body: Mapping[str, Any]) -> CatalogItem:
    """Of a body; its priority by its own name."""
    item = msgspec.convert(body, CatalogItem)
    if not item.priority:
        return item
    return msgspec.structs.replace(item, priority=str(priority_named(item.priority)))
