"""Signatures of senders: HMAC-SHA256 over the raw bytes of a request, and how each kind says it.

Grafana: hexadecimal in a header of its own, over the body, or over `SECONDS:body` where it sends
the time too. Source: Grafana's documentation, "Configure the webhook notifier", HMAC signature.
Standard Webhooks: `v1,BASE64 …` over `ID.SECONDS.body`. Source: the specification of that name.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

GRAFANA_HEADER = "X-Grafana-Alerting-Signature"
WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE = (
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
)
WEBHOOK_PREFIX = "whsec_"
"""What a secret of Standard Webhooks begins with; base64 of the key follows."""
KEY_BYTES = range(16, 65)
"""Of a key of Standard Webhooks, which asks for 24 at least; some senders make shorter ones."""
WINDOW = timedelta(minutes=5)
"""How far a signed time may lie from ours, before or after."""
MOST_SIGNATURES = 10
"""Of one request: while a secret is exchanged there are two."""

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_SECONDS = re.compile(r"[0-9]{1,12}")
_ID = re.compile(r"[!-\-/-~]{1,256}")
"""Visible and without a full stop, or one could be read as the end of another."""


class Flaw(StrEnum):
    """Why a signature does not hold."""

    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    STALE_SIGNATURE = "stale_signature"


@dataclass(eq=False)
class SignatureRefused(Exception):
    """Never says what would have been right."""

    flaw: Flaw
    detail: str


@dataclass(frozen=True, slots=True)
class GivenSignature:
    """What headers say of their body: one of *digests* is of *before* and the body."""

    before: bytes
    digests: tuple[bytes, ...]


ReadSignature = Callable[[Mapping[str, str], datetime], GivenSignature]
"""`read(headers, now)`: raises SignatureRefused for what no body could make right."""


@dataclass(frozen=True, slots=True)
class Signing:
    """How one source signs, and for whom it may deliver."""

    read: ReadSignature
    keys: tuple[bytes, ...] = field(repr=False)
    """While one is exchanged for another, both."""
    tenant: str
    """Its name."""
    secrets: tuple[str, ...] = field(repr=False)
    """What the keys are made of, as it was written."""

    def check(self, signature: GivenSignature, body: bytes) -> None:
        """Raises SignatureRefused if *body*, as it was sent, was signed with none of the keys."""
        for key in self.keys:
            made = hmac.new(key, signature.before, "sha256")
            made.update(body)
            if any(hmac.compare_digest(made.digest(), given) for given in signature.digests):
                return
        raise SignatureRefused(Flaw.BAD_SIGNATURE, "the signature is not of this body and secret")


def grafana_signature(
    timestamp_header: str, headers: Mapping[str, str], now: datetime
) -> GivenSignature:
    """*timestamp_header* empty: the time is not signed."""
    given = _required(headers, GRAFANA_HEADER).strip().lower()
    if not _HEX_DIGEST.fullmatch(given):
        raise SignatureRefused(Flaw.BAD_SIGNATURE, f"{GRAFANA_HEADER} is no HMAC-SHA256 in hex")
    digests = (bytes.fromhex(given),)
    if not timestamp_header:
        return GivenSignature(b"", digests)
    return GivenSignature(f"{_signed_seconds(headers, timestamp_header, now)}:".encode(), digests)


def webhook_signature(headers: Mapping[str, str], now: datetime) -> GivenSignature:
    """Of Standard Webhooks. Signatures of other versions than `v1` are passed over."""
    given = _required(headers, WEBHOOK_SIGNATURE)
    message = _required(headers, WEBHOOK_ID)
    if not _ID.fullmatch(message):
        raise SignatureRefused(
            Flaw.BAD_SIGNATURE, f"{WEBHOOK_ID} must be 1 to 256 visible characters without `.`"
        )
    seconds = _signed_seconds(headers, WEBHOOK_TIMESTAMP, now)
    words = [word.partition(",") for word in given.split()[:MOST_SIGNATURES]]
    digests = [_decoded(text) for version, _, text in words if version == "v1"]
    return GivenSignature(f"{message}.{seconds}.".encode(), tuple(digests))


def webhook_key(secret: str) -> bytes:
    """The key in `whsec_…`. Raises ValueError, which does not repeat the secret."""
    key = _decoded(secret.removeprefix(WEBHOOK_PREFIX))
    if not secret.startswith(WEBHOOK_PREFIX) or len(key) not in KEY_BYTES:
        raise ValueError(
            f"must be {WEBHOOK_PREFIX} and base64 of {KEY_BYTES.start} to {KEY_BYTES.stop - 1}"
            " bytes, one secret a line"
        )
    return key


def _required(headers: Mapping[str, str], name: str) -> str:
    given = headers.get(name)
    if given is None:
        raise SignatureRefused(Flaw.UNSIGNED, f"this source signs: {name} is missing")
    return given


def _signed_seconds(headers: Mapping[str, str], name: str, now: datetime) -> str:
    """As they are written, for so they are signed."""
    given = _required(headers, name)
    if not _SECONDS.fullmatch(given):
        raise SignatureRefused(Flaw.BAD_SIGNATURE, f"{name} must be seconds since 1970")
    if abs(now.timestamp() - int(given)) > WINDOW.total_seconds():
        raise SignatureRefused(
            Flaw.STALE_SIGNATURE,
            f"{name} is more than {WINDOW.total_seconds():.0f} s away from the gateway's clock",
        )
    return given


def _decoded(text: str) -> bytes:
    """b"" for what is no base64, which is no digest either."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
