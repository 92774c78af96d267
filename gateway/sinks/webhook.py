"""The webhook sink: one POST a message, nothing followed, nothing read at length."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated
from urllib.parse import urlsplit

import orjson
from aiohttp import (
    ClientConnectionError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
)

from gateway import __version__
from gateway.bounds import short
from gateway.clock import Clock
from gateway.events.event import EventType
from gateway.outbox.message import Message
from gateway.outbox.sink import SinkRefused, SinkUnavailable

TOTAL_TIMEOUT_SECONDS = 15.0
"""From the connection to the last byte read."""
MAX_ERROR_BYTES = 4096
MAX_ERROR_CHARACTERS = 200
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def host_of(url: str) -> str:
    """Host and port of a URL that a webhook may have. No message repeats the URL itself."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("is not a URL") from error
    if parts.scheme not in ("http", "https"):
        raise ValueError("must begin with http:// or https://")
    if not parts.hostname or re.search(r"[\s\x00-\x20\x7f]", url):
        raise ValueError("is not a URL with a host")
    if parts.fragment:
        raise ValueError("a fragment (#…) is never sent; remove it")
    return parts.hostname if port is None else f"{parts.hostname}:{port}"


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """One `[[webhooks]]` table.

    The URL may hold a secret (its user part, its path, its query): it is never shown, `name` is.
    """

    url: Annotated[str, host_of] = field(repr=False)
    name: Annotated[str, short] = ""
    """Names the sink in messages, logs and metrics; empty: the URL's host and port. Messages that
    wait for a sink wait for its name."""
    events: tuple[EventType, ...] = ()
    """Message types to send; empty: all."""

    def __post_init__(self) -> None:
        host = host_of(self.url)
        if not self.name:
            object.__setattr__(self, "name", host)

    def wants(self, message_type: str) -> bool:
        return not self.events or message_type in self.events


def open_session() -> ClientSession:
    """The session for all webhooks: no cookies, no proxies or credentials from the environment.

    Answers stay as they come (`auto_decompress`): an error text is not worth a decompression bomb.
    """
    return ClientSession(
        timeout=ClientTimeout(total=TOTAL_TIMEOUT_SECONDS),
        cookie_jar=DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    )


class WebhookSink:
    """Delivers to one URL. Any 2xx is delivered; see `_failure_of` for the rest."""

    def __init__(self, options: WebhookOptions, session: ClientSession, clock: Clock) -> None:
        self._options = options
        self._session = session
        self._clock = clock

    @property
    def name(self) -> str:
        return self._options.name

    async def deliver(self, message: Message) -> None:
        now = self._clock()
        try:
            async with self._session.post(
                self._options.url,
                data=body_of(message),
                headers=_headers_of(message, now),
                allow_redirects=False,
                timeout=ClientTimeout(total=TOTAL_TIMEOUT_SECONDS),
            ) as response:
                if not 200 <= response.status < 300:
                    raise await _failure_of(response, now)
        except TimeoutError as error:
            raise SinkUnavailable(f"no answer within {TOTAL_TIMEOUT_SECONDS:.0f} s") from error
        except ClientConnectionError as error:
            raise SinkUnavailable(_printable(f"no connection: {_without_url(error)}")) from error
        except ClientError as error:
            raise SinkUnavailable(f"no valid HTTP answer: {type(error).__name__}") from error


def _headers_of(message: Message, now: datetime) -> dict[str, str]:
    """The timestamp is the try's, in whole seconds; the id is the message's at every try."""
    return {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": f"alert-gateway/{__version__}",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
    }


def body_of(message: Message) -> bytes:
    """The JSON document a receiver gets; the same bytes at every try."""
    return orjson.dumps(
        {
            "id": message.id,
            "type": message.type,
            "timestamp": message.created_at,
            "data": message.payload,
        },
        option=orjson.OPT_UTC_Z,
    )


async def _failure_of(response: ClientResponse, now: datetime) -> SinkRefused | SinkUnavailable:
    """4xx is refused, but for 408 and 429. All else may pass: a redirect, too, is often a proxy's
    maintenance page, and a message lost to it would not come back."""
    text = await _error_text(response)
    detail = f"answered {response.status}" + (f": {text}" if text else "")
    status = response.status
    if 400 <= status < 500 and status not in (408, 429):
        return SinkRefused(detail)
    wish = response.headers.get("Retry-After", "") if status in (429, 503) else ""
    return SinkUnavailable(detail, retry_after=retry_after_seconds(wish, now))


async def _error_text(response: ClientResponse) -> str:
    """The beginning of an answer's body, printable; what comes late or broken is left out."""
    body = b""
    try:
        while len(body) < MAX_ERROR_BYTES:
            chunk = await response.content.read(MAX_ERROR_BYTES - len(body))
            if not chunk:
                break
            body += chunk
    except (ClientError, TimeoutError):
        pass  # the status has said enough
    return _printable(body.decode("utf-8", "replace"))[:MAX_ERROR_CHARACTERS]


def retry_after_seconds(header: str, now: datetime) -> float:
    """Seconds from *now* that a `Retry-After` asks for (a number or an HTTP date), else 0."""
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", header):
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def _without_url(error: ClientConnectionError) -> str:
    """What the operating system said; aiohttp's own texts may repeat a URL."""
    cause = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__} {cause}" if cause else type(error).__name__


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text).strip()
