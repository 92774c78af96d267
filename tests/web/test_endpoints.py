"""Every endpoint of the table asks of its callers what its permission says, and none asks less."""

import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from gateway.access.permission import Permission
from gateway.web.api.table import TABLE
from gateway.web.http.answers import Answer, empty_answer
from gateway.web.http.body import BodyReader
from gateway.web.http.endpoint import AnyEndpoint, Endpoint, Unread, WebCall
from gateway.web.http.gate.authenticate import Guard
from gateway.web.http.gate.gate import Gate
from gateway.web.http.routes import served_by
from gateway.web.http.server import create_web_app, run_server
from tests.web.conftest import QUICK, Site
from tests.web.conftest import Answer as Heard

TOKEN = "correct-horse"
OPEN = (Permission.PROBE, Permission.METRICS_READ)


@dataclass(frozen=True)
class Listener:
    token: str
    loopback: bool


@dataclass(frozen=True)
class Caller:
    headers: dict[str, str]
    local: bool = True
    """As far as what it says of itself."""
    from_page: bool = False
    """A web page of another origin makes it ask."""


LISTENERS = {
    "this machine's": Listener("", loopback=True),
    "this machine's, with a token": Listener(TOKEN, loopback=True),
    "everybody's": Listener(TOKEN, loopback=False),
}
CALLERS = {
    "somebody local": Caller({}),
    "a foreign host": Caller({"Host": "example.org"}, local=False),
    "a foreign origin": Caller({"Origin": "http://example.org"}, from_page=True),
    "a proxy": Caller({"X_Forwarded_For": "203.0.113.9"}, local=False),
}


async def reached(owner: object, call: WebCall[Unread]) -> Answer[None]:
    return empty_answer(299)


def expected(endpoint: AnyEndpoint, listener: Listener, caller: Caller, *, token: bool) -> int:
    """The status, said once more and in other words than the gate's own."""
    if endpoint.permission is Permission.PROBE:
        return 299
    if endpoint.permission is Permission.METRICS_READ and listener.loopback and caller.local:
        return 299
    if listener.token:
        return 299 if token else 401
    return 299 if caller.local and not caller.from_page else 403


@pytest.fixture(params=LISTENERS.values(), ids=LISTENERS.keys())
async def gate(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Listener, Site]]:
    """The whole table behind a gate; whatever passes it is answered with 299."""
    listener = request.param
    endpoints = [replace(one, form=Unread, does=reached) for one in TABLE]
    bodies = BodyReader(QUICK)
    guard = Guard(Gate(listener.token, listener.loopback), lambda reason, route: None)
    app = create_web_app(served_by(None, endpoints), bodies, QUICK, guard)
    async with run_server(app, QUICK, timedelta(seconds=5)) as server:
        yield listener, Site(server, None)  # type: ignore[arg-type]


def place_of(endpoint: AnyEndpoint) -> str:
    return endpoint.path.replace("{", "a").replace("}", "a")


@pytest.mark.parametrize("with_token", [False, True])
@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS.keys())
async def test_each_endpoint_admits_whom_its_permission_admits(
    gate: tuple[Listener, Site], caller: Caller, with_token: bool
) -> None:
    listener, site = gate
    credentials = {"Authorization": f"Bearer {TOKEN}"} if with_token else {}
    for endpoint in TABLE:
        answer = await site.request(
            endpoint.method, place_of(endpoint), **caller.headers, **credentials
        )
        wanted = expected(endpoint, listener, caller, token=with_token)
        assert answer.status == wanted, (endpoint.method, endpoint.path)


async def test_bodies_must_say_that_they_are_json_but_those_of_senders(
    gate: tuple[Listener, Site],
) -> None:
    _, site = gate
    for endpoint in TABLE:
        answer: Heard = await site.request(
            endpoint.method,
            place_of(endpoint),
            b"{}",
            Authorization=f"Bearer {TOKEN}",
            Content_Type="text/plain",
        )
        free = endpoint.permission in OPEN or endpoint.body is not None
        assert answer.status == (299 if free else 415), (endpoint.method, endpoint.path)


async def test_what_no_principal_holds_is_refused_to_all(start_site: Any) -> None:
    site = await start_site(token=TOKEN)
    answer = await site.request("GET", "/api/v1/duty", Authorization=f"Bearer {TOKEN}")
    assert (answer.status, answer.problem["code"]) == (403, "missing_permission")
    assert answer.problem["permission"] == "duty"


async def test_a_route_that_stands_in_no_table_is_no_path_and_says_so_to_nobody_unknown() -> None:
    async def stray(request: web.Request) -> web.Response:
        return web.Response(status=299)

    guard = Guard(Gate(TOKEN, loopback=True), lambda reason, route: None)
    app = create_web_app([], BodyReader(QUICK), QUICK, guard)
    app.router.add_get("/api/v1/stray", stray)
    async with run_server(app, QUICK, timedelta(seconds=5)) as server:
        site = Site(server, None)  # type: ignore[arg-type]
        assert (await site.request("GET", "/api/v1/stray")).status == 401
        answer = await site.request("GET", "/api/v1/stray", Authorization=f"Bearer {TOKEN}")
        assert (answer.status, answer.problem["code"]) == (404, "no_such_path")


def test_a_permission_has_no_default() -> None:
    parameters = inspect.signature(Endpoint).parameters
    assert parameters["permission"].default is inspect.Parameter.empty
    without = {name: None for name in parameters if name != "permission"}
    with pytest.raises(TypeError, match="permission"):
        Endpoint(**without)  # type: ignore[arg-type]


def test_no_two_endpoints_are_one() -> None:
    served = [(endpoint.method, endpoint.path) for endpoint in TABLE]
    assert len(served) == len(set(served))


def test_the_handler_of_an_endpoint_takes_its_form() -> None:
    """What mypy says where the table is written, said of the table as it is."""
    for endpoint in TABLE:
        call = inspect.signature(endpoint.does, eval_str=True).parameters["call"].annotation
        assert call == WebCall[endpoint.form], endpoint.name
