"""The endpoint table's rows: each path says what it needs, what it takes, and what it answers.

A file of `web/api` is handlers and a table of these. What a listener asks of a caller follows from
the permission, which has no default; the API's description is made of the same rows.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from aiohttp import hdrs, web
from msgspec import Struct

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.changes.perform import MOST_KEY_CHARACTERS
from gateway.errors import NotFound, Refused
from gateway.web.http.answers import Answer, Refusing
from gateway.web.http.forms import Form

Owner = TypeVar("Owner")
Told = TypeVar("Told")
FormType = TypeVar("FormType", bound=Form)
Sent = TypeVar("Sent", bound=Form, covariant=True)

IDEMPOTENCY_KEY = "Idempotency-Key"
PRINCIPAL: web.RequestKey[Principal] = web.RequestKey("principal", Principal)

_PLACE = re.compile(r"\{(\w+)\}")
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')
_KEY = re.compile(rf"[\x21-\x7e]{{1,{MOST_KEY_CHARACTERS}}}")
_UNSAFE = (hdrs.METH_POST, hdrs.METH_PUT, hdrs.METH_PATCH)


class Nothing(Form, frozen=True):
    """No query parameters, and no body that would be looked at."""


class Unread(Form, frozen=True):
    """Neither the query nor the body is looked at before the handler: of senders and probes."""


class WebCall(Struct, Generic[Sent], frozen=True, gc=False):
    """One request to an endpoint, with what it sent."""

    request: web.Request
    form: Sent
    meant: Mapping[str, str] = {}
    """Parts of the path that stand there under another name, as they are meant."""

    @property
    def principal(self) -> Principal:
        """Who asks. Nobody has been asked of an endpoint for PROBE or METRICS_READ."""
        return self.request[PRINCIPAL]

    @property
    def tenant(self) -> int:
        """Whose rows are meant."""
        return self.principal.tenant

    def part(self, name: str) -> str:
        """What stands in the path where the endpoint says `{name}`. Raises NotFound for what holds
        U+0000: PostgreSQL cannot even be asked for it.
        """
        text = self.meant.get(name) or self.request.match_info[name]
        if "\0" in text:
            raise NotFound(f"no {name} has the character U+0000 in it")
        return text

    @property
    def version(self) -> int | None:
        """The version that the caller has seen, from If-Match; None if it does not say."""
        given = self.request.headers.get(hdrs.IF_MATCH)
        if given is None or given.strip() == "*":
            return None
        match = _ETAG.fullmatch(given.strip())
        if match is None:
            raise Refused("If-Match must be an ETag that this API gave", code="bad_etag")
        return int(match[1])

    @property
    def key(self) -> str | None:
        """Under which the request is done once, however often it is sent; None if it has none."""
        given = self.request.headers.get(IDEMPOTENCY_KEY)
        if given is not None and not _KEY.fullmatch(given):
            raise Refused(
                f"{IDEMPOTENCY_KEY} must be 1 to {MOST_KEY_CHARACTERS} visible ASCII characters",
                code="bad_idempotency_key",
            )
        return given


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something beside the body: a part of the path or a header, of the request or the answer."""

    name: str
    place: str
    """`path` or `header`."""
    kind: object
    """The type of its values, with what is to be said of it."""
    component: str
    """Its name in the description."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent as bytes, in any content type, and read by the handler itself."""

    kinds: Sequence[object]
    """Types, each one of the shapes it may have."""
    says: str = ""
    component: str = ""
    """Its name in the description, if it has one."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success."""

    component: str
    """Its name in the description."""
    says: str
    kinds: Sequence[object]
    """Types of the body: one of them."""
    media: str = "application/problem+json"
    gives: Sequence[Parameter] = ()


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[Owner, FormType, Told]):
    """One method of one path. Handlers' docstrings are the description's text."""

    method: str
    path: str
    permission: Permission
    form: type[FormType]
    """What callers send: query parameters of a method that has no body, else the JSON body."""
    answer: type[Told]
    does: Callable[[Owner, WebCall[FormType]], Awaitable[Answer[Told] | Refusing]]
    name: str
    """Of the operation, as clients made from the description call it."""
    tags: Sequence[str]
    says: Mapping[int, str]
    """Statuses of success, and what each means."""
    asks: Sequence[Parameter] = ()
    gives: Sequence[Parameter] = ()
    body: Body | None = None
    """Of an endpoint that takes any content type."""
    refuses: Mapping[int, Refusal] = field(default_factory=dict)
    """Besides those that every endpoint of its shape has."""
    otherwise: Refusal | None = None
    """Any other status, if it is not a problem document."""
    media: str = "application/json"

    def __post_init__(self) -> None:
        asked = {one.name for one in self.asks if one.place == "path"}
        if asked != set(_PLACE.findall(self.path)):
            raise ValueError(f"{self.path}: its parts must be those that it asks for: {asked}")

    @property
    def takes_body(self) -> bool:
        """The form is the JSON body, not the query."""
        read = self.form is not Nothing and self.form is not Unread
        return read and self.body is None and self.method in _UNSAFE

    @property
    def takes_anything(self) -> bool:
        """Bodies need not say that they are JSON."""
        return self.body is not None


AnyEndpoint = Endpoint[Any, Any, Any]


def with_head(endpoint: AnyEndpoint) -> tuple[AnyEndpoint, AnyEndpoint]:
    """A GET and its HEAD."""
    name = endpoint.name.replace("get", "head", 1)
    return endpoint, replace(endpoint, method=hdrs.METH_HEAD, name=name, answer=type(None))
