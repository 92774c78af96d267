"""What a failed request hears."""

import logging

import orjson
import pytest

from gateway.errors import Conflict, FieldError, Forbidden, NotFound, Refused, Unavailable
from gateway.logs import formatter
from gateway.web.http.problems import HttpRefused, speaks_alertmanager


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("no"), 400),
        (Forbidden("no"), 403),
        (NotFound("no"), 404),
        (Conflict("no"), 409),
        (Unavailable("no"), 503),
        (HttpRefused("no", "teapot", status=418), 418),
    ],
)
async def test_each_error_family_has_its_status(site, error, status):
    answer = await site.fails_with(error)
    assert answer.status == status
    assert answer.problem["status"] == status
    assert answer.problem["code"] == error.code


async def test_a_subclass_has_the_status_of_its_family(site):
    class StaleVersion(Conflict):
        pass

    assert (await site.fails_with(StaleVersion("somebody was first"))).status == 409


async def test_a_problem_document_has_the_members_of_rfc_9457_and_ours(site):
    answer = await site.fails_with(
        Refused("the silence is wrong", "bad_silence", (FieldError("/matchers", "is empty"),))
    )
    assert answer.problem == {
        "type": "urn:alert-gateway:problem:bad_silence",
        "title": "Bad silence",
        "status": 400,
        "detail": "the silence is wrong",
        "code": "bad_silence",
        "errors": [{"pointer": "/matchers", "detail": "is empty"}],
    }


async def test_a_forbidden_transition_names_what_is_allowed(site):
    extra = {
        "from": "open",
        "to": "closed",
        "allowed": ["in_progress"],
        "reason": "no_edge",
        "status": 200,
    }
    answer = await site.fails_with(Forbidden("no", "forbidden_transition", extra=extra))
    assert answer.status == 403
    assert answer.problem["allowed"] == ["in_progress"]
    assert answer.problem["from"] == "open"
    assert answer.problem["status"] == 403, "an extra member never replaces a standard one"


async def test_unavailable_says_when_to_come_back(site):
    answer = await site.fails_with(Unavailable("the ledger is away", retry_after=2.2))
    assert answer.headers["retry-after"] == "3"


async def test_an_unexpected_error_tells_the_sender_nothing_and_the_log_everything(site, caplog):
    caplog.handler.setFormatter(formatter(console=False, colors=False, secrets=()))
    with caplog.at_level(logging.ERROR):
        answer = await site.fails_with(RuntimeError("password=hunter2"))
    assert answer.status == 500
    assert b"hunter2" not in answer.body
    [line] = [orjson.loads(line) for line in caplog.text.splitlines()]
    assert line["logger"] == "gateway.web.http.problems"
    assert line["request_id"] == answer.problem["request_id"]
    assert line["route"] == "/api/v1/fail"
    assert "hunter2" in line["exception"]


async def test_the_request_id_of_the_sender_is_kept_if_it_is_one(site):
    site.handlers.error = RuntimeError("bug")
    answer = await site.request("GET", "/api/v1/fail", X_Request_Id="abc-123")
    assert answer.problem["request_id"] == "abc-123"
    answer = await site.request("GET", "/api/v1/fail", X_Request_Id="a b\x07c")
    assert answer.problem.get("request_id") != "a b\x07c"


async def test_an_unknown_path_is_a_problem_too(site):
    answer = await site.request("GET", "/api/v1/nope")
    assert answer.status == 404
    assert answer.problem["code"] == "no_such_path"


async def test_a_wrong_method_names_the_right_ones(site):
    answer = await site.request("DELETE", "/api/v1/things")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET,HEAD,POST"
    assert answer.problem["code"] == "method_not_allowed"


async def test_a_path_of_bytes_that_are_not_utf8_is_answered_like_any_other(site):
    async with site.connect() as connection:
        await connection.send(b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await connection.answer()).status in (400, 404)
    assert (await site.request("GET", "/%ff%fe")).status == 404


@pytest.mark.parametrize("path", ["/api/v2/nope", "/api/v2", "/api/v1/intake/prom/api/v2/nope"])
async def test_alertmanagers_framework_errors_are_objects(site, path):
    answer = await site.request("GET", path)
    assert answer.status == 404
    assert answer.json() == {"code": 404, "message": f"path {path} was not found"}


async def test_alertmanagers_wrong_method_reads_like_its_own(site):
    answer = await site.request("PUT", "/api/v2/alerts")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET,POST"
    assert answer.json() == {
        "code": 405,
        "message": "method PUT is not allowed, but [GET,POST] are",
    }


async def test_alertmanagers_handler_errors_are_json_strings(site):
    answer = await site.fails_with(Refused("bad matcher format: foo"), "/api/v2/alerts")
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == "bad matcher format: foo"


async def test_even_a_bug_is_a_json_string_under_alertmanagers_api(site, caplog):
    answer = await site.fails_with(RuntimeError("bug"), "/api/v2/alerts")
    assert answer.status == 500
    assert isinstance(answer.json(), str)


@pytest.mark.parametrize(
    ("path", "speaks"),
    [
        ("/api/v2/alerts", True),
        ("/api/v2", True),
        ("/api/v1/intake/x/api/v2/alerts/", True),
        ("/api/v1/intake/x", False),
        ("/api/v1/alerts", False),
        ("/api/v21", False),
    ],
)
def test_only_alertmanagers_own_api_speaks_alertmanager(path, speaks):
    assert speaks_alertmanager(path) is speaks


async def test_no_answer_names_the_version_of_the_server(site):
    for path in ("/api/v1/nope", "/-/healthy"):
        answer = await site.request("GET", path)
        assert answer.headers["server"] == "alert-gateway"
        assert answer.headers["x-content-type-options"] == "nosniff"
