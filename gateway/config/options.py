"""Everything that can be set, gathered; what belongs to one part is declared beside that part."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from gateway.alerts.identity import DEFAULT_CACHE_BYTES
from gateway.alerts.ignored import IgnoredLabels
from gateway.alerts.rule import Rule
from gateway.alerts.severity import Severity
from gateway.bounds import Between, not_empty
from gateway.config.declared_tables import RevisionOptions
from gateway.config.values import Matchers
from gateway.declarations.configured import ConfiguredDeclarations
from gateway.intake.delivery.checker import Source
from gateway.logs import Format
from gateway.sinks.webhook import WebhookOptions
from gateway.storage.journal.journal import JournalOptions
from gateway.storage.redis.absorber import ANSWER_WITHIN, FLUSH_INTERVAL
from gateway.storage.redis.connect import check_url
from gateway.upkeep.retention import RetentionOptions
from gateway.web.http.gate.options import AuthOptions
from gateway.web.http.options import WebOptions

MIN_CACHE_BYTES = 1024 * 1024
MAX_CACHE_BYTES = 2**50


def postgres_url(url: str) -> None:
    """No message repeats the URL, which may hold a password."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise ValueError("is not a URL") from error
    if url and scheme not in ("postgresql", "postgres"):
        raise ValueError("must begin with postgresql:// or postgres://")


def redis_url(url: str) -> None:
    if url:
        check_url(url)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresOptions:
    """`[postgres]`: the ledger's database."""

    url: Annotated[str, postgres_url] = field(default="", repr=False)
    """`postgresql://…`; empty: a private PostgreSQL under `data_dir`."""
    migrate: bool = True
    """Bring the schema up to date at the start; false where somebody else runs `migrate`."""
    pool_size: Annotated[int, Between(1, 1000)] = 5
    """Connections of one process for people's requests; pipeline and workers have their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisOptions:
    """`[redis]`: the cache that holds repeats back."""

    url: Annotated[str, redis_url] = field(default="", repr=False)
    """See `storage/redis/connect.py`; empty: no Redis."""
    answer_within: timedelta = ANSWER_WITHIN
    """Redis counts as away when it takes longer: the ledger then does all the work."""
    flush_interval: timedelta = FLUSH_INTERVAL
    """What is held back is counted in the ledger after that, or after a quarter of the shortest
    window if that is less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeOptions:
    """`[intake]`."""

    identity_cache_bytes: Annotated[int, Between(MIN_CACHE_BYTES, MAX_CACHE_BYTES)] = (
        DEFAULT_CACHE_BYTES
    )
    """Of one process, for what labels say and what is known of their strands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityOptions:
    """`[identity]`: what names an alert."""

    ignore_labels: tuple[Annotated[str, not_empty], ...] = ()
    """Labels that do not, as those in which the members of an HA pair differ."""
    match: Matchers = ()
    """Of the label sets that these are ignored in; empty: all."""

    @property
    def ignored(self) -> IgnoredLabels:
        """As identities are worked out with it."""
        return IgnoredLabels(frozenset(self.ignore_labels), self.match)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOptions:
    """`[tickets]`."""

    close_after: timedelta | Literal["never"] = timedelta(hours=72)
    """The system closes a ticket so long after its resolution."""

    @property
    def closing(self) -> timedelta | None:
        """None: the system closes none, but for those of workflows that say otherwise."""
        return self.close_after if isinstance(self.close_after, timedelta) else None


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
    identity: IdentityOptions
    rules: tuple[Rule, ...]
    """As configured, in order; `first_match` knows the built-in last one."""
    sources: Mapping[str, Source]
    """By name, opened: those configured and the built-in ones."""
    webhooks: tuple[WebhookOptions, ...]
    retention: RetentionOptions
    severity: Mapping[str, Severity]
    """Senders' words in lower case: the defaults and those configured."""
    tickets: TicketOptions
    silences: SilenceOptions
    journal: JournalOptions
    logs: LogOptions
    shutdown: ShutdownOptions
    config: RevisionOptions
    declared: ConfiguredDeclarations
    """What is to be declared, by tenant."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Exact texts that no log may show: the token, URLs with what is secret in them, and what
        senders sign with.
        """
        urls = [self.postgres.url, self.redis.url, *(hook.url for hook in self.webhooks)]
        passwords = [unquote(urlsplit(url).password or "") for url in urls]
        signings = [source.signing for source in self.sources.values() if source.signing]
        signing = [secret for one in signings for secret in one.secrets]
        return tuple(text for text in (self.auth.token, *urls, *passwords, *signing) if text)


SECTIONS: Mapping[str, Any] = {
    each.name: each.type for each in fields(Config) if is_dataclass(each.type)
}
"""Tables whose keys are the fields of one options class."""
