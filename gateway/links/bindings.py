"""What binds the tickets of a transaction: links, references, watchers; loaded, and changed."""

from dataclasses import dataclass, field

from gateway.links.link import LinkKey, TicketLink
from gateway.links.reference import Reference, ReferenceKind, Watcher


@dataclass(slots=True)
class Bindings:
    """Rows by key, and what is to become of them. None is changed in place: it is there or not."""

    links: dict[LinkKey, TicketLink] = field(default_factory=dict)
    """Around the one that a command names."""
    references: dict[tuple[ReferenceKind, str], Reference] = field(default_factory=dict)
    """Of the ticket that a command names."""
    watchers: dict[str, Watcher] = field(default_factory=dict)
    """Of the ticket that a command names."""
    new_links: list[TicketLink] = field(default_factory=list)
    gone_links: list[TicketLink] = field(default_factory=list)
    new_references: list[Reference] = field(default_factory=list)
    gone_references: list[Reference] = field(default_factory=list)
    new_watchers: list[Watcher] = field(default_factory=list)
    gone_watchers: list[Watcher] = field(default_factory=list)
