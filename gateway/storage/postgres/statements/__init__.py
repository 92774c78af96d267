"""SQL as source files: `-- name: x` begins a statement; load one file by its noun."""

import re
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load(noun: str) -> dict[str, str]:
    """The statements of `<noun>.sql` by name."""
    text = resources.files(__name__).joinpath(f"{noun}.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}
