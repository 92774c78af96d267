"""What was logged, as it was given to the logger: see `gateway.logs`."""

import pytest


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The fixed sentences, in their order."""
    return [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]
