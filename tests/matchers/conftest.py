"""One real Alertmanager for the session, with alerts to find."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.programs import PATIENCE_SECONDS, alertmanager

VALUES = (
    "", "bar", "Bar", "bar baz", "=bar", "=~bar", "'bar'", "`bar`", "a", "b", "ab", "aa", "a,b",
    "12", "٣", "é", "e\u0301", "漢", "x\n", "x", "\n", "a\tb", r"a\tb", r"\d+", "\\", 'a"b', "{x}",
    "bar}", "\x0b", "\xa0", "bar\xa0", "A", "1", "a{2}", "a.b", "(a|b)", "a\\b",
)  # fmt: skip


LATER = "2120-01-01T00:00:00Z"


class Server:
    """An Alertmanager over one connection."""

    def __init__(self, url: str, connection: http.client.HTTPConnection) -> None:
        self.url = url
        self._connection = connection
        self.alerts: dict[str, dict[str, str]] = {}
        """Label sets by their label `id`."""

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        """Status and decoded JSON answer."""
        headers = {"Content-Type": "application/json"}
        self._connection.request(method, f"/api/v2/{path}", json.dumps(body), headers)
        with self._connection.getresponse() as answer:
            return answer.status, json.loads(answer.read() or b"null")

    def post(self, label_sets: list[dict[str, str]]) -> None:
        """Make these alerts fire; each gets a label `id`."""
        for number, labels in enumerate(label_sets):
            self.alerts[str(number)] = {"id": str(number), **labels}
        # Without an end it would resolve them after five minutes.
        body = [{"labels": labels, "endsAt": LATER} for labels in self.alerts.values()]
        assert self.ask("POST", "alerts", body) == (200, None)

    def found(self, filter_text: str) -> set[str] | None:
        """The ids of the alerts that one `filter` finds, or None if it is refused."""
        status, answer = self.ask("GET", f"alerts?{urlencode({'filter': filter_text})}")
        if status == 400:
            return None
        assert status == 200, answer
        assert isinstance(answer, list)
        return {alert["labels"]["id"] for alert in answer}


@pytest.fixture(scope="session")
def server(alertmanager_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An Alertmanager in which alerts with all kinds of label sets fire."""
    directory = tmp_path_factory.mktemp("alertmanager")
    config = directory / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with (
        alertmanager(alertmanager_binary, config, directory) as program,
        closing(
            http.client.HTTPConnection(urlsplit(program.url).netloc, timeout=PATIENCE_SECONDS)
        ) as connection,
    ):
        server = Server(program.url, connection)
        pairs = [{"foo": value, "a": VALUES[place - 1]} for place, value in enumerate(VALUES)]
        server.post([{}, *({"foo": value} for value in VALUES), *pairs])
        yield server
