"""Options of sources that sign, and what is wrong with them that no type says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from gateway.access.signatures import Signing, grafana_signature, webhook_key, webhook_signature
from gateway.bounds import Lines, not_empty, short
from gateway.intake.delivery.source import DEFAULT_TENANT_NAME, Mistake, SourceOptions

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def header_name(text: str) -> None:
    """Raises ValueError for what no header can be called."""
    if text and not _HEADER.fullmatch(text):
        raise ValueError("is not the name of a header")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningOptions(SourceOptions):
    """A source with a secret takes what is signed with it, and nothing else; it needs no token."""

    secret: Lines = field(default=Lines(""), repr=False)
    """One a line: while one is exchanged for another, both hold. Empty: it does not sign."""
    tenant: Annotated[str, not_empty, short] = DEFAULT_TENANT_NAME
    """For whom what is signed is taken in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrafanaSigningOptions(SigningOptions):
    """As its contact point says under "HMAC Signature"."""

    timestamp_header: Annotated[str, header_name, short] = ""
    """Where the signed time stands; empty: none is signed."""


def grafana_signing(options: GrafanaSigningOptions) -> Signing | None:
    """None: it does not sign."""
    secrets = secrets_in(options.secret)
    keys = tuple(secret.encode() for secret in secrets)
    read = partial(grafana_signature, options.timestamp_header)
    return Signing(read, keys, options.tenant, secrets) if secrets else None


def webhook_signing(options: SigningOptions) -> Signing | None:
    """By Standard Webhooks. None: it does not sign."""
    secrets = secrets_in(options.secret)
    keys = tuple(map(webhook_key, secrets))
    return Signing(webhook_signature, keys, options.tenant, secrets) if secrets else None


def check_grafana(options: GrafanaSigningOptions) -> Sequence[Mistake]:
    """What cannot be meant."""
    mistakes = list(_useless(options))
    if options.timestamp_header and not options.secret:
        mistakes.append((("timestamp_header",), "says where a signed time stands: give a secret"))
    return mistakes


def check_webhook(options: SigningOptions) -> Sequence[Mistake]:
    """What cannot be meant, and secrets that are none of Standard Webhooks."""
    try:
        for secret in secrets_in(options.secret):
            webhook_key(secret)
    except ValueError as error:
        return [*_useless(options), (("secret",), str(error))]
    return _useless(options)


def secrets_in(text: str) -> tuple[str, ...]:
    """One a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _useless(options: SigningOptions) -> Sequence[Mistake]:
    if options.tenant == DEFAULT_TENANT_NAME or options.secret:
        return ()
    return [(("tenant",), "is of what is signed: without a secret, the sender's token says it")]
