"""What a ticket made of an alert is called: worked out once, when it is opened."""

import re
from collections.abc import Mapping

MAX_TITLE_CHARACTERS = 500
TICKET_ID = re.compile(r"tk_[0-9a-f]{26}")
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
