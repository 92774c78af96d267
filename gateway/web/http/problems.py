"""Errors as answers: RFC 9457 problem documents, and Alertmanager's own bodies under `/api/v2`.

Handlers raise; nobody but the middleware here makes an error answer.
"""

import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from gateway.changes.command import StaleVersion
from gateway.changes.perform import KeyReused
from gateway.errors import Conflict, Forbidden, GatewayError, NotFound, Refused, Unavailable
from gateway.logs import get_logger
from gateway.people.meant import UnknownPerson
from gateway.tickets.fields import InvalidCustom
from gateway.web.http.answers import Refusing, json_refusal
from gateway.web.views.problem import (
    AllRefused,
    BlamedField,
    ForbiddenTransition,
    FrameworkError,
    LinkForbidden,
    NewerTicketLive,
    ShownProblem,
)
from gateway.workflows.judge import MissingFields

_logger = get_logger(__name__)

_STATUS: dict[type[GatewayError], int] = {
    KeyReused: 422,
    InvalidCustom: 422,
    MissingFields: 422,
    UnknownPerson: 422,
    Refused: 400,
    Forbidden: 403,
    StaleVersion: 412,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
}
_KINDS: dict[str, type[ShownProblem]] = {
    "forbidden_transition": ForbiddenTransition,
    "newer_ticket_live": NewerTicketLive,
    "has_parent": LinkForbidden,
    "already_duplicate": LinkForbidden,
    "original_is_duplicate": LinkForbidden,
    "all_refused": AllRefused,
}
"""Problems that say more, by their code."""
_CODES = {404: "no_such_path", 405: "method_not_allowed", 413: "body_too_large"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(eq=False)
class HttpRefused(Refused):
    """Refused for a reason of HTTP itself, with a status of its own: 401, 408, 413, 415, ..."""

    status: int = 400
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class InternalError(GatewayError):
    """A bug of ours: the sender learns nothing but the id under which it was logged."""

    code: str = "internal_error"


def status_of(error: GatewayError) -> int:
    """The HTTP status of an error's family."""
    if isinstance(error, HttpRefused):
        return error.status
    return next((_STATUS[family] for family in type(error).__mro__ if family in _STATUS), 500)


def speaks_alertmanager(path: str) -> bool:
    """Clients of Alertmanager's API, at its own path or behind a prefix, expect its bodies."""
    return "/api/v2/" in f"{path}/"


def show_problem(error: GatewayError) -> ShownProblem:
    """What `application/problem+json` says of *error*.

    Of its `extra` that which its kind of problem has; it never replaces a member of all problems.
    """
    kind = _KINDS.get(error.code, ShownProblem)
    members: dict[str, Any] = {
        **error.extra,
        "type": f"urn:alert-gateway:problem:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": status_of(error),
        "detail": _printable(error.detail),
        "code": error.code,
        "errors": [
            BlamedField(pointer=_printable(one.pointer), detail=_printable(one.detail))
            for one in error.errors
        ],
    }
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
    return kind(**{fields[name]: value for name, value in members.items() if name in fields})


def show_as_alertmanager(error: GatewayError) -> FrameworkError | str:
    """An object where Alertmanager's framework would speak, else a JSON string."""
    if isinstance(error, (HttpRefused, Forbidden)):
        return FrameworkError(code=status_of(error), message=_printable(error.detail))
    told = [error.detail, *(f"{one.pointer}: {one.detail}" for one in error.errors)]
    return _printable("; ".join(told))


def _printable(text: str) -> str:
    """Paths and headers may hold bytes that are not UTF-8: lone surrogates, to Python."""
    return text.encode("utf-8", "replace").decode()


def error_answer(error: GatewayError, path: str) -> Refusing:
    """The whole answer to a request for *path* that failed with *error*."""
    headers = dict(error.headers) if isinstance(error, HttpRefused) else {}
    if isinstance(error, Unavailable):
        headers[hdrs.RETRY_AFTER] = str(max(1, math.ceil(error.retry_after)))
    if speaks_alertmanager(path):
        return json_refusal(show_as_alertmanager(error), status=status_of(error), headers=headers)
    return json_refusal(
        show_problem(error),
        status=status_of(error),
        headers=headers,
        content_type="application/problem+json",
    )


def answer_errors() -> Middleware:
    """The outermost middleware: whatever is raised inside becomes an answer."""

    @web.middleware
    async def answering(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except GatewayError as error:
            return _answer(request, error)
        except web.HTTPException as exception:
            if exception.status < 400:
                raise
            return _answer(request, _of_aiohttp(request, exception))
        except Exception:  # noqa: BLE001  a bug in a handler must not reach the sender
            return _answer(request, _logged(request))

    return answering


def _answer(request: web.Request, error: GatewayError) -> Refusing:
    answer = error_answer(error, request.path)
    if not request.content.is_eof():
        answer.force_close()  # else the rest of the body would be taken for the next request
    return answer


def _of_aiohttp(request: web.Request, exception: web.HTTPException) -> HttpRefused:
    """aiohttp's own refusals (no route, wrong method) in our words."""
    status = exception.status
    headers: dict[str, str] = {}
    detail = HTTPStatus(status).description or HTTPStatus(status).phrase
    if isinstance(exception, web.HTTPMethodNotAllowed):
        allowed = ",".join(sorted(exception.allowed_methods))
        headers[hdrs.ALLOW] = allowed
        detail = f"method {request.method} is not allowed, but [{allowed}] are"
    elif status == 404:
        detail = f"path {request.path} was not found"
    code = _CODES.get(status, HTTPStatus(status).phrase.lower().replace(" ", "_"))
    return HttpRefused(detail, code, status=status, headers=headers)


def _logged(request: web.Request) -> InternalError:
    """Log the exception being handled under the sender's request id, or a fresh one."""
    given = request.headers.get("X-Request-Id", "")
    request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    resource = request.match_info.route.resource
    _logger.exception(
        "a request failed unexpectedly",
        request_id=request_id,
        method=request.method,
        route=resource.canonical if resource else "",
    )
    return InternalError(
        "The gateway failed on this request; its log says why, under the request id.",
        extra={"request_id": request_id},
    )
