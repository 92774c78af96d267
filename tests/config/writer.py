"""Writes configurations, and secrets beside them, and reads them back."""

from pathlib import Path

import msgspec
import pytest

from gateway.config import Config, ConfigError, Problem, load


class Writer:
    """Writes configurations, and secrets beside them, and reads them back."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "gateway.toml"

    def load(self, text: str) -> Config:
        self.path.write_text(text, encoding="utf-8")
        return load(self.path)

    def problems(self, text: str) -> list[Problem]:
        with pytest.raises(ConfigError) as caught:
            self.load(text)
        assert caught.value.problems
        return list(caught.value.problems)

    def problem(self, text: str) -> Problem:
        [problem] = self.problems(text)
        return problem

    def secret(self, name: str, content: bytes, mode: int = 0o600) -> Path:
        path = self.path.parent / name
        path.write_bytes(content)
        path.chmod(mode)
        return path


def as_toml(value: object) -> str:
    """*value* inline; numbers as Python writes them are TOML."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(as_toml, value))}]"
        case dict():
            pairs = (f"{as_toml(str(key))} = {as_toml(inner)}" for key, inner in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return str(value)
