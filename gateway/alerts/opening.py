"""What a rule may say of the tickets that it opens, in words that tickets share with it."""

from enum import StrEnum


class TicketType(StrEnum):
    """What a ticket is about."""

    INCIDENT = "incident"
    SERVICE_REQUEST = "service_request"
    CHANGE = "change"
    PROBLEM = "problem"
    TASK = "task"
    BUG = "bug"
    EPIC = "epic"
    REQUIREMENT = "requirement"
    REVIEW = "review"

    @classmethod
    def _missing_(cls, value: object) -> "TicketType | None":
        """People write `INCIDENT` too, and call one a fault."""
        return cls.INCIDENT if value in ("fault", "FAULT") else cls.__members__.get(str(value))


class Level(StrEnum):
    """How far a ticket's impact reaches, or how soon something must be done."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
