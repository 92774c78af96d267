"""What was sent and what was answered, kept in memory and in a file of JSON lines."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO


@dataclass(frozen=True, slots=True)
class Said:
    """One alert in a request: it fires since *began*, or ended."""

    labels: dict[str, str]
    began: datetime
    ended: datetime | None = None

    @property
    def key(self) -> str:
        """A name for the label set."""
        return "/".join(f"{name}={value}" for name, value in sorted(self.labels.items()))

    def as_json(self) -> dict[str, Any]:
        """As Alertmanager's webhook says it, times in whole milliseconds."""
        status = "firing" if self.ended is None else "resolved"
        alert = {"status": status, "labels": self.labels, "startsAt": _text(self.began)}
        return alert if self.ended is None else alert | {"endsAt": _text(self.ended)}


@dataclass(slots=True)
class Sent:
    """One request. *status*: None while nothing is known of it, 0 if it never left."""

    name: str
    said: list[Said]
    letters: int = 0
    """Of its alerts that can only become dead letters."""
    status: int | None = None
    seconds: float = 0.0
    at: float = 0.0


@dataclass(slots=True)
class History:
    """Of one run. *path* gets a line when a request leaves, and one when it has come back."""

    path: Path
    requests: list[Sent] = field(default_factory=list)
    began: float = field(default_factory=perf_counter)
    _file: TextIO = field(init=False)

    def __post_init__(self) -> None:
        self._file = self.path.open("a", buffering=1)

    def close(self) -> None:
        """Nothing more will be noted."""
        self._file.close()

    def invoke(self, sent: Sent) -> None:
        """Noted before it leaves."""
        sent.at = perf_counter() - self.began
        self.requests.append(sent)
        alerts = [one.as_json() for one in sent.said]
        line = {"at": sent.at, "invoke": sent.name, "alerts": alerts, "letters": sent.letters}
        self._file.write(json.dumps(line) + "\n")

    def complete(self, sent: Sent) -> None:
        """Noted when it is answered, or never will be."""
        kind = "info" if sent.status is None else "ok" if sent.status == 200 else "fail"
        line = {"at": perf_counter() - self.began, kind: sent.name, "status": sent.status}
        self._file.write(json.dumps(line) + "\n")

    @property
    def answered(self) -> list[Sent]:
        """What the gateway has promised to keep."""
        return [one for one in self.requests if one.status == 200]

    def latencies(self) -> list[float]:
        """Seconds of all requests that were answered, sorted."""
        return sorted(one.seconds for one in self.requests if one.status)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
