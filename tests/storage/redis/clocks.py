"""Times that a slow machine does not spoil, and a clock that stands until it is moved."""

from datetime import timedelta

from gateway.storage.redis.absorber import AbsorberTimes

PATIENT = AbsorberTimes(answer_within=timedelta(seconds=30))


class Steady:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
