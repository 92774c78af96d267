"""What answers and forms are made of: the smallest values, with their bounds."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta


def about(text: str) -> Meta:
    """What a field means, for readers of the API's description."""
    return Meta(description=text)


Time = Annotated[datetime, Meta(tz=True)]
"""An instant: RFC 3339 with a zone."""
Count = Annotated[int, Meta(ge=0)]
Ordinal = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(min_length=1)]
Labels = dict[str, str]
TicketId = Annotated[str, Meta(pattern=r"^tk_[0-9a-f]{26}$")]
SilenceId = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Fingerprint = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$"), about("16 bytes in hex.")]
Hyperlink = Annotated[str, about("Not checked to be a URL.")]
Next = Annotated[str | None, about("The cursor of what follows; null on the last page.")]
