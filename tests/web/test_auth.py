"""Who passes the gate, and as whom."""

import base64

import pytest

from gateway.access.permission import Role
from gateway.access.principal import Principal
from gateway.web.http.forwarded import read_network
from gateway.web.http.gate.gate import Gate
from gateway.web.http.gate.options import AuthOptions
from gateway.web.http.gate.turned_away import AuthFailure

TOKEN = "correct-horse"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
async def guarded(start_site):
    """A site that others can reach, with a token."""
    return await start_site(token=TOKEN, loopback=False)


async def who(site, **headers: str) -> object:
    return (await site.request("GET", "/api/v1/who", **headers)).json()


@pytest.mark.parametrize(
    "credentials",
    [
        f"Bearer {TOKEN}",
        f"bearer {TOKEN}",
        f"Bearer  {TOKEN} ",
        basic("", TOKEN),
        basic("alertmanager", TOKEN),
    ],
)
async def test_the_token_opens_as_bearer_and_as_password_of_basic(guarded, credentials):
    found = await who(guarded, Authorization=credentials)
    assert found == {"tenant": 1, "actor": "token:admin", "role": "admin"}
    assert guarded.failures == []


@pytest.mark.parametrize(
    "credentials",
    [
        "Bearer wrong",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Token {TOKEN}",
        TOKEN,
        basic(TOKEN, ""),
        basic(TOKEN, "wrong"),
        "Basic not-base64!",
        "Basic " + base64.b64encode(TOKEN.encode()).decode(),
        "Bearer \xfc",
    ],
)
async def test_anything_else_is_turned_away_and_counted(guarded, credentials):
    answer = await guarded.request("GET", "/api/v1/who", Authorization=credentials)
    assert answer.status == 401
    assert answer.problem["code"] == "unauthorized"
    assert "Bearer realm=" in answer.headers["www-authenticate"]
    assert "Basic realm=" in answer.headers["www-authenticate"]
    assert TOKEN.encode() not in answer.body
    assert guarded.failures == [(AuthFailure.BAD_CREDENTIALS, "/api/v1/who")]


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/api/v1/who", "/api/v1/who"),
        ("GET", "/api/v1/things", "/api/v1/things"),
        ("GET", "/metrics", "/metrics"),
        ("GET", "/api/v1/no-such-path", ""),
        ("DELETE", "/api/v1/who", ""),
        ("POST", "/api/v1/intake/n9e", "/api/v1/intake/{source}"),
        ("POST", "/api/v2/alerts", "/api/v2/alerts"),
    ],
)
async def test_without_credentials_every_path_is_closed(guarded, method, path, route):
    answer = await guarded.request(method, path)
    assert answer.status == 401
    assert guarded.failures == [(AuthFailure.NO_CREDENTIALS, route)]


async def test_alertmanagers_api_refuses_with_a_body_of_its_own_shape(guarded):
    answer = await guarded.request("POST", "/api/v2/alerts")
    assert answer.json()["code"] == 401


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
async def test_probes_need_nothing(guarded, site, path):
    assert (await guarded.request("GET", path)).status == 200
    assert (await site.request("GET", path, Host="10.0.0.7:9096")).status == 200


async def test_metrics_are_open_on_loopback_even_with_a_token(start_site):
    guarded = await start_site(token=TOKEN, loopback=True)
    assert (await guarded.request("GET", "/metrics")).body == b"gateway_up 1\n"
    assert (await guarded.request("GET", "/metrics", Host="example.org")).status == 401
    assert (await guarded.request("GET", "/api/v1/who")).status == 401


async def test_senders_may_send_any_content_type_with_the_token(guarded):
    answer = await guarded.request(
        "POST",
        "/api/v1/intake/x",
        b"{}",
        Authorization=f"Bearer {TOKEN}",
        Content_Type="text/plain",
    )
    assert answer.status == 200


@pytest.mark.parametrize(
    ("header", "actor"),
    [("anna", "local:anna"), ("a.b_c-d@e", "local:a.b_c-d@e"), (None, "local:anonymous")],
)
async def test_a_local_caller_names_itself(site, header, actor):
    headers = {"X_Actor": header} if header else {}
    assert (await who(site, **headers))["actor"] == actor


async def test_a_holder_of_the_token_names_itself_and_is_marked_as_such(guarded):
    found = await who(guarded, Authorization=f"Bearer {TOKEN}", X_Actor="anna")
    assert found["actor"] == "token:anna"


@pytest.mark.parametrize("name", ["an na", "a" * 65, "anna/root", "änna", "local:anna"])
async def test_a_bad_actor_is_refused(site, name):
    answer = await site.request("GET", "/api/v1/who", X_Actor=name)
    assert answer.status == 400
    assert answer.problem["code"] == "bad_actor"


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:1", "localhost:9096", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:9"],
)
async def test_hosts_that_are_this_machine_pass(site, host):
    assert (await site.request("GET", "/api/v1/who", Host=host)).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "example.org",
        "127.0.0.1.example.org",
        "localhost.example.org",
        "10.0.0.1",
        "0.0.0.0",
        "2130706433",
        "[::2]",
        "::1",
        "localhost:port",
        "user@localhost",
        "localhost/",
        "localhost,example.org",
    ],
)
async def test_foreign_hosts_are_refused(site, host):
    answer = await site.request("GET", "/api/v1/who", Host=host)
    assert answer.status in (400, 403)
    if answer.status == 403:
        assert answer.problem["code"] == "foreign_host"
        assert site.failures == [(AuthFailure.FOREIGN_HOST, "/api/v1/who")]


async def test_no_host_and_two_hosts_are_refused(site):
    for lines in (b"", b"Host: localhost\r\nHost: localhost\r\n"):
        async with site.connect() as connection:
            await connection.send(b"GET /api/v1/who HTTP/1.1\r\n" + lines + b"\r\n")
            assert (await connection.answer()).status in (400, 403)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:1"])
async def test_origins_of_this_machine_pass(site, origin):
    assert (await site.request("GET", "/api/v1/who", Origin=origin)).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://example.org",
        "null",
        "localhost",
        "file://",
        "file://localhost",
        "http://localhost.example.org",
        "http://",
        "http://[",
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/things", "/api/v1/intake/custom"])
async def test_foreign_origins_are_refused_also_at_intake(site, origin, path):
    answer = await site.request("POST", path, b"{}", Origin=origin, Content_Type="application/json")
    assert answer.status == 403
    assert answer.problem["code"] == "foreign_origin"
    assert site.failures[0][0] is AuthFailure.FOREIGN_ORIGIN


FORWARDED = {
    "X_Forwarded_For": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;proto=https",
    "X_Real_IP": "127.0.0.1",
    "X_Client_IP": "127.0.0.1",
    "True_Client_IP": "127.0.0.1",
    "CF_Connecting_IP": "127.0.0.1",
}


@pytest.mark.parametrize("header", FORWARDED)
@pytest.mark.parametrize("path", ["/api/v1/who", "/metrics", "/api/v1/no-such-path"])
async def test_what_a_proxy_passes_on_is_not_local_whatever_it_says(site, path, header):
    answer = await site.request("GET", path, **{header: FORWARDED[header]})
    assert (answer.status, answer.problem["code"]) == (403, "forwarded")
    assert header.replace("_", "-") in answer.problem["detail"]
    assert [reason for reason, _ in site.failures] == [AuthFailure.FORWARDED]


async def test_what_a_proxy_passes_on_to_a_probe_or_with_the_token_is_answered(start_site):
    guarded = await start_site(token=TOKEN, loopback=True)
    headers = {"X_Forwarded_For": "203.0.113.9"}
    assert (await guarded.request("GET", "/-/ready", **headers)).status == 200
    assert (await guarded.request("GET", "/metrics", **headers)).status == 401
    for path in ("/metrics", "/api/v1/who"):
        answer = await guarded.request("GET", path, Authorization=f"Bearer {TOKEN}", **headers)
        assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_Forwarded_For": "127.0.0.1"},
        {"X_Forwarded_For": "203.0.113.9, ::1"},
        {"X_Forwarded_For": "127.0.0.1:4711, 10.0.0.7"},
        {"X_Forwarded_For": "[::1]:4711"},
        {"X_Forwarded_For": "::ffff:127.0.0.1"},
        {"Forwarded": 'proto=http;For="[::1]:80", for=10.1.1.1;by=x'},
        {"Forwarded": "for=127.0.0.1", "X_Real_IP": "127.0.0.2"},
    ],
)
async def test_of_a_trusted_proxy_it_is_believed_that_it_serves_this_machine(start_site, headers):
    site = await start_site(proxies=["127.0.0.1", "10.0.0.0/8"])
    for path in ("/api/v1/who", "/metrics"):
        assert (await site.request("GET", path, **headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_For": "203.0.113.9"},
        {"X_Forwarded_For": "127.0.0.1, 203.0.113.9"},
        {"X_Forwarded_For": "127.0.0.1, 203.0.113.9, 10.0.0.7"},
        {"X_Forwarded_For": "10.0.0.7"},
        {"X_Forwarded_For": "127.0.0.1, unknown"},
        {"X_Forwarded_For": "127.0.0.1,"},
        {"X_Forwarded_For": "localhost"},
        {"Forwarded": "for=127.0.0.1, for=203.0.113.9"},
        {"Forwarded": "for=127.0.0.1, proto=https"},
        {"Forwarded": "for=127.0.0.1;for=203.0.113.9"},
        {"Forwarded": 'for="127.0.0.1", for="_hidden"'},
        {"Forwarded": "for=127.0.0.1", "X_Forwarded_For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9", "X_Forwarded_For": "127.0.0.1"},
    ],
)
async def test_of_a_trusted_proxy_it_is_believed_that_it_serves_another(start_site, headers):
    site = await start_site(proxies=["127.0.0.1", "10.0.0.0/8"])
    for path in ("/api/v1/who", "/metrics"):
        answer = await site.request("GET", path, **headers)
        assert (answer.status, answer.problem["code"]) == (403, "forwarded")


async def test_a_proxy_that_is_not_trusted_is_not_believed(start_site):
    site = await start_site(proxies=["10.0.0.0/8"])
    answer = await site.request("GET", "/api/v1/who", X_Forwarded_For="127.0.0.1, 10.0.0.7")
    assert answer.problem["code"] == "forwarded"


@pytest.mark.parametrize("text", ["", "proxy", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0-10.0.0.9"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError, match="must be an address or a network"):
        read_network(text)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_bodies_outside_intake_must_be_json(site, kind):
    body = b'{"comment": "x"}'
    answer = await site.request("POST", "/api/v1/things", body, Content_Type=kind)
    assert answer.status == 415
    assert answer.problem["code"] == "unsupported_media_type"
    unread = await site.request("GET", "/api/v1/who", body, Content_Type=kind)
    assert unread.status == 415, "also where the handler does not look at the body"
    intake = await site.request("POST", "/api/v1/intake/custom", body, Content_Type=kind)
    assert intake.status == 200


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"],
)
async def test_json_is_json_with_parameters_and_suffixes(site, kind):
    answer = await site.request("POST", "/api/v1/things", b'{"comment":"x"}', Content_Type=kind)
    assert answer.status == 201


async def test_json_in_another_charset_is_refused(site):
    answer = await site.request(
        "POST", "/api/v1/things", b"{}", Content_Type="application/json; charset=utf-16"
    )
    assert answer.status == 415


async def test_a_request_without_a_body_needs_no_content_type(site):
    assert (await site.request("GET", "/api/v1/who")).status == 200
    answer = await site.request("POST", "/api/v1/intake/x", Content_Length="0")
    assert answer.status == 200


def test_a_listener_that_others_reach_cannot_be_made_without_a_token():
    with pytest.raises(ValueError, match="token"):
        Gate(token="", loopback=False)


def test_the_token_is_in_no_repr():
    assert TOKEN not in repr(Gate(TOKEN, loopback=True))
    assert TOKEN not in repr(AuthOptions(token=TOKEN))


def test_a_principal_is_a_value():
    assert Principal(1, "local:anna", Role.ADMIN) == Principal(1, "local:anna", Role.ADMIN)
