"""What a process does: `serve --roles intake,api,work`; by default everything."""

from enum import StrEnum


class ProcessRole(StrEnum):
    """Several may be in one process."""

    INTAKE = "intake"
    """Takes alerts in, with a journal and a pipeline of its own."""
    API = "api"
    """Answers people: tickets, alerts, silences, explain."""
    WORK = "work"
    """Works in the background: leases, silences, quiets, closing, outbox, retention, flush."""


EVERY_ROLE = frozenset(ProcessRole)


def read_roles(text: str) -> frozenset[ProcessRole]:
    """Of `intake,api`. Raises ValueError that names what there is."""
    names = {name.strip() for name in text.split(",")} - {""}
    unknown = names - set(ProcessRole)
    if unknown or not names:
        wrong = ", ".join(sorted(unknown)) or "nothing"
        raise ValueError(f"{wrong} is no role; there are {', '.join(ProcessRole)}")
    return frozenset(ProcessRole(name) for name in names)
