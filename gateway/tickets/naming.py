"""What a ticket made of an alert is called: worked out once, when it is opened."""

import re
from collections.abc import Mapping

MAX_TITLE_CHARACTERS = 500
TICKET_ID = re.compile(r"tk_[0-9a-f]{26}")
PROJECT_KEY = "[A-Z][A-Z0-9]{1,9}"
_NUMBER = re.compile(rf"(?:#|{PROJECT_KEY}-)?([0-9]{{1,18}})")
NAMELESS = "alert"
"""For an alert that nothing readable is left of."""
_PLACE = re.compile(r"\{([^{}]+)\}")


def whole_places(template: str) -> None:
    """Raises ValueError if a brace of *template* belongs to no place."""
    if re.search(r"[{}]", _PLACE.sub("", template)):
        raise ValueError(
            "`{` and `}` stand around the name of a label or an annotation, as in"
            ' "{alertname} in {cluster}"'
        )


def project_key(key: str) -> None:
    """Raises ValueError if *key* is neither empty nor a project's."""
    if key and not re.fullmatch(PROJECT_KEY, key):
        raise ValueError("must be 2 to 10 capitals and digits, beginning with a capital")


def title_of(template: str, labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """The rule's template filled in, else the summary, else alertname and instance.

    `{name}` stands for a label, or an annotation if no label has that name, or nothing.
    """
    if template:
        text = _PLACE.sub(lambda m: labels.get(m[1]) or annotations.get(m[1], ""), template)
    else:
        text = annotations.get("summary") or _from_labels(labels)
    return _one_line(text) or _from_labels(labels) or NAMELESS


def _from_labels(labels: Mapping[str, str]) -> str:
    name = labels.get("alertname")
    if name is None:
        name = ", ".join(f"{label}={value}" for label, value in list(labels.items())[:3])
    instance = labels.get("instance")
    return _one_line(f"{name} on {instance}" if instance else name)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:MAX_TITLE_CHARACTERS].rstrip()


def ticket_key(project: str, number: int) -> str:
    """What people call a ticket: `OPS-123`, or `123` in no project."""
    return f"{project}-{number}" if project else str(number)


def number_in(name: str) -> int | None:
    """The number in `123`, `#123` or `OPS-123`, None if it is none of these. Numbers are a
    tenant's: a ticket that has moved to another project is found under its former key.
    """
    found = _NUMBER.fullmatch(name)
    return int(found[1]) if found else None
