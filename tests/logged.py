"""What was logged, as it was given to the logger: see `gateway.logs`."""

from typing import Any

import pytest


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The fixed sentences, in their order."""
    return [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]


def logged(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The data of every line that says *event*."""
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in lines if line["event"] == event]
