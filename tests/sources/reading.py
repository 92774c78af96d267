"""Bodies read at once, where nobody else waits for a turn."""

from collections.abc import Callable
from datetime import datetime

from gateway.intake.delivery.source import Delivery, Parse
from gateway.intake.delivery.steps import at_once


def whole(parse: Parse) -> Callable[[bytes, datetime], Delivery]:
    """*parse*, from a body to its delivery."""
    return lambda body, received_at: at_once(parse(body, received_at))
