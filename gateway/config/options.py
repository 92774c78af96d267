"""Everything that can be set, gathered; what belongs to one part is declared beside that part."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from gateway.alerts.identity import DEFAULT_CACHE_BYTES
from gateway.alerts.rule import Rule
from gateway.alerts.severity import Severity
from gateway.intake.checked import Source
from gateway.logs import Format
from gateway.sinks.webhook import WebhookOptions
from gateway.storage.journal.journal import JournalOptions
from gateway.storage.redis.connect import check_url
from gateway.web.auth import AuthOptions
from gateway.web.options import WebOptions
from gateway.workers.retention import RetentionOptions

MIN_CACHE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresOptions:
    """`[postgres]`: the ledger's database."""

    url: str = field(default="", repr=False)
    """`postgresql://…`; empty: a private PostgreSQL under `data_dir`."""
    migrate: bool = True
    """Bring the schema up to date at the start; false where somebody else runs `migrate`."""
    pool_size: int = 5
    """Connections of one process for people's requests; pipeline and workers have their own."""

    def __post_init__(self) -> None:
        _check_scheme(self.url, ("postgresql", "postgres"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisOptions:
    """`[redis]`: the cache that holds repeats back."""

    url: str = field(default="", repr=False)
    """See `storage/redis/connect.py`; empty: no Redis."""
    flush_interval: timedelta = timedelta(seconds=60)
    """What is held back is counted in the ledger after that, or after a quarter of the shortest
    window if that is less."""

    def __post_init__(self) -> None:
        if self.url:
            try:
                check_url(self.url)
            except ValueError as error:
                raise ValueError(f"url: {error}") from error
        if self.flush_interval <= timedelta():
            raise ValueError("flush_interval: must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeOptions:
    """`[intake]`."""

    identity_cache_bytes: int = DEFAULT_CACHE_BYTES
    """Of one process, for what labels say and what is known of their strands."""

    def __post_init__(self) -> None:
        if self.identity_cache_bytes < MIN_CACHE_BYTES:
            raise ValueError(f"identity_cache_bytes: must be at least {MIN_CACHE_BYTES}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOptions:
    """`[tickets]`."""

    close_after: timedelta = timedelta(hours=72)
    """The system closes a ticket so long after its resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceOptions:
    """`[silences]`."""

    max_duration: timedelta | None = None
    """No silence may be longer; None: no bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """`[logs]`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Format = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownOptions:
    """`[shutdown]`."""

    grace: timedelta = timedelta(seconds=30)
    """For requests in flight, and again for the pipeline to drain; the journal keeps the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, made by `load`; `load(None)` holds every default. No `repr` of it
    holds a secret."""

    data_dir: Path
    """Absolute. Journals, and the private PostgreSQL."""
    http: WebOptions
    auth: AuthOptions
    postgres: PostgresOptions
    redis: RedisOptions
    intake: IntakeOptions
    rules: tuple[Rule, ...]
    """As configured, in order; `first_match` knows the built-in last one."""
    sources: Mapping[str, Source]
    """By name, opened: those configured and the built-in ones."""
    source_options: Mapping[str, Mapping[str, object]] = field(repr=False)
    """What a source's own kind was opened with, by the source's name."""
    webhooks: tuple[WebhookOptions, ...]
    retention: RetentionOptions
    severity: Mapping[str, Severity]
    """Senders' words in lower case: the defaults and those configured."""
    tickets: TicketOptions
    silences: SilenceOptions
    journal: JournalOptions
    logs: LogOptions
    shutdown: ShutdownOptions

    @property
    def secrets(self) -> tuple[str, ...]:
        """Exact texts that no log may show: the token, and URLs with what is secret in them."""
        urls = [self.postgres.url, self.redis.url, *(hook.url for hook in self.webhooks)]
        passwords = [unquote(urlsplit(url).password or "") for url in urls]
        return tuple(text for text in (self.auth.token, *urls, *passwords) if text)


SECTIONS: Mapping[str, type] = {
    "http": WebOptions,
    "auth": AuthOptions,
    "postgres": PostgresOptions,
    "redis": RedisOptions,
    "intake": IntakeOptions,
    "retention": RetentionOptions,
    "tickets": TicketOptions,
    "silences": SilenceOptions,
    "journal": JournalOptions,
    "logs": LogOptions,
    "shutdown": ShutdownOptions,
}
"""Tables whose keys are the fields of one options class."""


def _check_scheme(url: str, allowed: tuple[str, ...]) -> None:
    """No message repeats the URL, which may hold a password."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise ValueError("url: is not a URL") from error
    if url and scheme not in allowed:
        raise ValueError(f"url: must begin with {' or '.join(f'{name}://' for name in allowed)}")
