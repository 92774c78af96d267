"""Secrets in files of their own, which nobody else on the machine can read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FILE_SUFFIX = "_file"
MAX_SECRET_BYTES = 16 * 1024
CONTAINER_SECRETS = Path("/run/secrets")
"""Container engines mount secrets here, often readable for all: in there nobody else is."""

_OTHERS_READ = 0o004
_OTHERS_PASS = 0o001


def read_secret(path: Path, *, several_lines: bool = False) -> str:
    """The text in the file, without the line break at its end; raises ValueError saying why not."""
    text = _text_in(path)
    lines = text.splitlines() if several_lines else [text]
    if not text or not all(line.isprintable() for line in lines):
        allowed = "lines" if several_lines else "one line"
        raise ValueError(f"{path} must hold {allowed} of text, and nothing else")
    return text


def _text_in(path: Path) -> str:
    try:
        if is_open_to_others(path):
            raise ValueError(
                f"{path} can be read by every user of this machine: `chmod 600` it, or keep it in"
                f" a directory closed to others or in {CONTAINER_SECRETS}"
            )
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
    except (OSError, RuntimeError) as error:  # the latter for links that lead to themselves
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"cannot read {path}: {reason}") from error
    if len(content) > MAX_SECRET_BYTES:
        raise ValueError(f"{path} holds more than {MAX_SECRET_BYTES} bytes, which is no secret")
    try:
        return content.decode().strip()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} does not hold UTF-8 text") from error


def is_open_to_others(path: Path) -> bool:
    """Every user can read the file and pass through all directories above it; raises OSError."""
    real = path.resolve()
    if CONTAINER_SECRETS in path.parents or CONTAINER_SECRETS in real.parents:
        return False
    readable = bool(real.stat().st_mode & _OTHERS_READ)
    return readable and all(parent.stat().st_mode & _OTHERS_PASS for parent in real.parents)


@dataclass(frozen=True, slots=True)
class SecretFile:
    """What `NAME_file` says, where the secret NAME is looked for; read when the secret is."""

    path: object
    """As written."""
    beside: bool
    """The secret itself is given too."""

    def read(self, directory: Path, *, several_lines: bool = False) -> str:
        """Raises ValueError; a relative path starts at *directory*."""
        if self.beside:
            raise ValueError(f"give either this or the same with {FILE_SUFFIX}")
        if not isinstance(self.path, str):
            raise ValueError("must be the path of a file")
        return read_secret(directory / self.path, several_lines=several_lines)


def secret_keys(kind: "type[DataclassInstance]") -> list[str]:
    """The options of *kind* that are secrets: those that its `repr` leaves out."""
    return [field.name for field in fields(kind) if not field.repr]


def with_secret_files(table: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """*table* with a SecretFile for each of *names* that is given as `NAME_file`."""
    found = dict(table)
    for name in names:
        path = found.pop(name + FILE_SUFFIX, "")
        if path != "":
            found[name] = SecretFile(path, beside=bool(found.get(name)))
    return found
