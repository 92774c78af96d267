"""Ids made of time and chance: they sort by when they were made, and nobody need give them out."""

import secrets
from datetime import datetime

from gateway.moments import EPOCH, MICROSECOND

_CHANCE_BITS = 44


def new_id(kind: str, now: datetime) -> str:
    """*kind* and 26 hexadecimal digits: 12 of milliseconds since 1970, 3 of microseconds, chance.

    As `tk_019538a1c6403e72a9be07d514`. Of ids of one kind, the greater was made later, to the
    microsecond.
    """
    milliseconds, microseconds = divmod((now - EPOCH) // MICROSECOND, 1000)
    chance = secrets.randbits(_CHANCE_BITS)
    return f"{kind}_{milliseconds:012x}{microseconds:03x}{chance:011x}"
