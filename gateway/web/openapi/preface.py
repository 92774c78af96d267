"""What the API's description says before its paths."""

from typing import Any

_TEXT = """\
Takes in every alert, merges repeats, respects silences, and keeps one ticket per problem.

**Times** are RFC 3339 with a zone; answers are in UTC, written with `Z`. **Durations** name their unit.

**Lists** are newest first, those of users and groups by name: `{"items": [...], "next": cursor or null}`. Give `cursor` back with the same
filters; a cursor of other filters is refused. `limit` is 50 unless given, and 500 at most. Query parameters
that a path does not know are refused with 400 everywhere outside of intake.

**Errors** are problem documents (RFC 9457) whose `code` is stable and whose `errors` point to the fields to
blame. Paths under `/api/v2/` answer in Alertmanager's own bodies instead, also where they stand behind a prefix.
A 503 says in `Retry-After` when to come back.

**Who is asking.** Send a token as `Authorization: Bearer` or as the password of Basic. Without `[auth]` only
this machine is served: a foreign `Host` or `Origin`, and what a proxy that is not trusted has passed on, is refused
with 403. There `X-Actor` is the user with that handle, or puts a name into the history, as `local:anna`; who holds
the configured token puts one there as `token:anna`. What belongs to another tenant, and what the caller's role does
not show, is not found, like what is not there at all. `x-permission` says what a caller needs for an operation; who
lacks it hears 403 and code `missing_permission`.

**Bodies** outside intake are JSON in UTF-8 (else 415) of 1 MiB at most, and fields that a form does not have are
refused with 400.
A body may be compressed (`Content-Encoding: gzip` or `deflate`); nested or other encodings are refused with 415,
corrupt ones with 400, and what grows beyond the bounds of size or ratio with 413. The character U+0000 cannot be
stored, and half a surrogate pair is no character: in what people send both are refused with 400, in alerts they
become U+FFFD.

A trailing slash is accepted on every path. Fields may be added to answers: ignore those that you do not know.
"""  # noqa: E501  a text, not code

PREFACE: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Alert gateway",
        "version": "1",
        "license": {"name": "MIT", "identifier": "MIT"},
        "description": _TEXT,
    },
    "servers": [{"url": "http://127.0.0.1:9096", "description": "The default listener"}],
    "security": [{"bearer": []}, {"basic": []}, {}],
    "tags": [
        {
            "name": "intake",
            "description": "For senders. A 2xx means that what is accepted is on disk. A source"
            " that signs needs no token, and what is not signed for it is refused with 401: code"
            " `unsigned`, `bad_signature` or `stale_signature`.",
        },
        {"name": "tickets", "description": "One ticket per problem."},
        {"name": "people", "description": "Users, groups, roles and tokens."},
        {"name": "alerts", "description": "What is and was firing."},
        {"name": "silences", "description": "Which alerts make no noise, and until when."},
        {"name": "audit", "description": "Who changed what, when and why."},
        {"name": "settings", "description": "What is declared, and what may be declared here."},
        {"name": "explain", "description": "Why an alert has the ticket it has, or none."},
        {"name": "operations", "description": "For those who run the gateway."},
    ],
}
SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The token is the password; any user name.",
    },
}
