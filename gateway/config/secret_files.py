"""Secrets in files of their own, which nobody else on the machine can read."""

from pathlib import Path

MAX_SECRET_BYTES = 16 * 1024
CONTAINER_SECRETS = Path("/run/secrets")
"""Container engines mount secrets here, often readable for all: in there nobody else is."""

_OTHERS_READ = 0o004
_OTHERS_PASS = 0o001


def read_secret(path: Path) -> str:
    """The text in the file, without the line break at its end; raises ValueError saying why not."""
    try:
        if is_open_to_others(path):
            raise ValueError(
                f"{path} can be read by every user of this machine: `chmod 600` it, or keep it in"
                f" a directory closed to others or in {CONTAINER_SECRETS}"
            )
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > MAX_SECRET_BYTES:
        raise ValueError(f"{path} holds more than {MAX_SECRET_BYTES} bytes, which is no secret")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} does not hold UTF-8 text") from error
    if not text or not text.isprintable():
        raise ValueError(f"{path} must hold one line of text")
    return text


def is_open_to_others(path: Path) -> bool:
    """Every user can read the file and pass through all directories above it; raises OSError."""
    real = path.resolve()
    if CONTAINER_SECRETS in path.parents or CONTAINER_SECRETS in real.parents:
        return False
    readable = bool(real.stat().st_mode & _OTHERS_READ)
    return readable and all(parent.stat().st_mode & _OTHERS_PASS for parent in real.parents)
