"""The people's API over HTTP, on a whole gateway in this process and a real database."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import yaml
from aiohttp import ClientSession

from gateway.app.lifecycle import open_gateway
from gateway.config import load
from gateway.web.api.table import TABLE
from tests.logged import logged
from tests.programs import eventually
from tests.web.client import Client, Json


async def test_an_alert_says_everything_that_is_known_of_it(client: Client) -> None:
    await client.fire("CPU", severity="critical", team="db")
    await client.fire("CPU", severity="critical", team="db")
    (alert,) = (await client.ask("GET", "/api/v1/alerts"))["items"]
    assert alert.keys() == {
        "fingerprint", "labels", "annotations", "severity", "status", "triage", "sources",
        "starts_at", "ends_at", "first_seen", "last_seen", "occurrences", "episodes",
        "silenced_by", "last_outcome", "rule", "ticket_id",
    }  # fmt: skip
    assert (alert["severity"], alert["status"], alert["occurrences"]) == ("critical", "firing", 2)
    assert [source["name"] for source in alert["sources"]] == ["custom"]
    assert alert == await client.ask("GET", f"/api/v1/alerts/{alert['fingerprint']}")
    (ticket,) = await client.tickets()
    assert (alert["ticket_id"], ticket["occurrences"]) == (ticket["id"], 2)


@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        ('{team="db"}', {"A", "B"}),
        ('{team=~"d.*",alertname!="A"}', {"B"}),
        ('{team=""}', {"C"}),
        ('{team!~".+"}', {"C"}),
        ('{alertname=="A"}', {"A"}),
    ],
)
async def test_alerts_are_found_by_matchers(client: Client, matchers: str, found: set[str]) -> None:
    await client.fire("A", "B", team="db")
    await client.fire("C")
    answer = await client.ask("GET", "/api/v1/alerts", params={"matchers": matchers})
    assert {one["labels"]["alertname"] for one in answer["items"]} == found


async def test_no_alert_ends_before_it_began_though_its_senders_clock_is_ahead(
    client: Client,
) -> None:
    ahead = {"labels": {"alertname": "A"}, "startsAt": "2999-01-01T00:00:00Z"}
    for one in (ahead, {**ahead, "status": "resolved"}):
        await client.ask("POST", "/api/v1/intake/custom", one)
    await eventually(client.drained)
    [alert] = (await client.ask("GET", "/api/v1/alerts"))["items"]
    assert alert["status"] == "resolved"
    assert moment(alert["ends_at"]) >= moment(alert["starts_at"])
    assert moment(alert["starts_at"]) > moment(alert["last_seen"])


async def test_a_bad_matcher_is_named_with_its_place(client: Client) -> None:
    params = {"matchers": '{a="b",c~}'}
    problem = await client.ask("GET", "/api/v1/alerts", params=params, status=400)
    assert problem["code"] == "bad_matchers"
    assert problem["type"] == "urn:alert-gateway:problem:bad_matchers"
    assert problem["errors"][0]["pointer"] == "/matchers"
    assert "character" in problem["errors"][0]["detail"]
    assert client.headers["Content-Type"].startswith("application/problem+json")


async def test_paging_shows_every_ticket_once_and_newest_first(client: Client) -> None:
    await client.fire(*(f"A{number:02}" for number in range(7)))
    seen, path = [], "/api/v1/tickets?limit=3"
    while path:
        page = await client.ask("GET", path)
        assert len(page["items"]) <= 3
        seen += [one["id"] for one in page["items"]]
        path = f"/api/v1/tickets?limit=3&cursor={page['next']}" if page["next"] else ""
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


async def test_a_cursor_is_bound_to_its_filters_and_unknown_parameters_are_refused(
    client: Client,
) -> None:
    await client.fire("A", "B")
    cursor = (await client.ask("GET", "/api/v1/tickets?limit=1"))["next"]
    path = f"/api/v1/tickets?limit=1&status=open&cursor={cursor}"
    assert (await client.ask("GET", path, status=400))["code"] == "bad_cursor"
    problem = await client.ask("GET", "/api/v1/tickets?colour=red", status=400)
    assert problem["errors"][0]["pointer"] == "/colour"
    await client.ask("GET", "/api/v1/tickets?limit=501", status=400)


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("silences", {"matchers": [{"name": "a", "value": "b"}]}, 'as in "{instance='),
        ("silences", {"matchers": "a=b", "ends_at": "2h"}, 'as in "2026-'),
        ("silences/preview", {"matchers": {}}, 'as in "{instance='),
        ("tickets", {"title": "x", "priority": "p1"}, "one of critical, high, medium, low"),
        ("tickets", {"title": "x", "colour": "red"}, "there are assignee,"),
    ],
)
async def test_what_is_wrong_in_a_body_is_said_with_what_would_be_right(
    client: Client, path: str, body: Json, says: str
) -> None:
    problem = await client.ask("POST", f"/api/v1/{path}", body, status=400)
    assert says in problem["errors"][0]["detail"]


@pytest.mark.parametrize("path", ["/api/v1/tickets", "/api/v1/alerts", "/api/v1/silences"])
async def test_a_cursor_with_a_line_break_in_it_is_broken(client: Client, path: str) -> None:
    for name in ("A", "B"):
        await client.fire(name)
        silence = {"matchers": f"a={name}", "ends_at": "2099-01-01T00:00:00Z"}
        await client.ask("POST", "/api/v1/silences", silence, status=201)
    cursor = (await client.ask("GET", f"{path}?limit=1"))["next"]
    assert len((await client.ask("GET", f"{path}?limit=1&cursor={cursor}"))["items"]) == 1
    bound_to, position = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    position[-1] += "\n"
    forged = base64.urlsafe_b64encode(json.dumps([bound_to, position]).encode()).decode()
    problem = await client.ask("GET", f"{path}?limit=1&cursor={forged.rstrip('=')}", status=400)
    assert problem["code"] == "bad_cursor"


async def test_tickets_are_found_by_status_priority_source_and_text(client: Client) -> None:
    await client.fire("Disk", severity="critical")
    await client.fire("100% of CPU_load")
    disk = await client.ticket_of("Disk")
    assert [one["id"] for one in await client.tickets("?priority=critical")] == [disk["id"]]
    assert [one["id"] for one in await client.tickets("?q=dis")] == [disk["id"]]
    assert [one["title"] for one in await client.tickets("?q=%25")] == ["100% of CPU_load"]
    assert [one["title"] for one in await client.tickets("?q=U_l")] == ["100% of CPU_load"]
    assert [one["id"] for one in await client.tickets(f"?q=%23{disk['number']}")] == [disk["id"]]
    assert len(await client.tickets("?source=custom&status=open")) == 2
    assert await client.tickets("?source=grafana") == []
    await client.ask("GET", "/api/v1/tickets?status=asleep", status=400)


async def test_a_persons_ticket_is_made_edited_and_guarded_by_its_version(client: Client) -> None:
    problem = await client.ask("POST", "/api/v1/tickets", {}, status=400)
    assert problem["errors"][0]["pointer"] == "/title"
    ticket = await client.ask("POST", "/api/v1/tickets", {"title": "Order disks"}, status=201)
    location, etag = client.headers["Location"], client.headers["ETag"]
    assert location == f"/api/v1/tickets/{ticket['id']}"
    edited = await client.ask(
        "PATCH", location, {"assignee": "bob", "priority": "high"}, headers={"If-Match": etag}
    )
    assert (edited["assignee"], edited["priority"], edited["version"]) == ("bob", "high", 2)
    stale = await client.ask(
        "PATCH", location, {"title": "x"}, headers={"If-Match": etag}, status=412
    )
    assert stale["code"] == "stale_ticket"
    changes = [(one["field"], one["from"], one["to"]) for one in edited["history"][1:]]
    assert changes == [("assignee", "", "bob"), ("priority", "medium", "high")]
    assert {one["actor"] for one in edited["history"]} == {"local:anna"}
    await client.ask("PATCH", location, {"colour": "red"}, status=400)


async def test_what_is_sent_again_under_its_key_is_done_once(client: Client) -> None:
    key = {"Idempotency-Key": "order-17"}
    body = {"title": "Order disks"}
    first = await client.ask("POST", "/api/v1/tickets", body, status=201, headers=key)
    again = await client.ask("POST", "/api/v1/tickets", body, status=201, headers=key)
    assert (again["id"], len(await client.tickets())) == (first["id"], 1)
    other = {"title": "Order tapes"}
    problem = await client.ask("POST", "/api/v1/tickets", other, status=422, headers=key)
    assert problem["code"] == "key_reused"
    bad = {"Idempotency-Key": "order 17"}
    problem = await client.ask("POST", "/api/v1/tickets", body, status=400, headers=bad)
    assert problem["code"] == "bad_idempotency_key"


async def test_transitions_follow_the_workflow_and_say_what_still_fires(client: Client) -> None:
    await client.fire("CPU")
    ticket = await client.ticket_of("CPU")
    path = f"/api/v1/tickets/{ticket['id']}"
    problem = await client.ask("POST", f"{path}/transitions", {"to": "closed"}, status=403)
    assert problem["code"] == "forbidden_transition"
    assert (problem["from"], problem["to"]) == ("open", "closed")
    assert problem["allowed"] == ["in_progress", "resolved", "cancelled"]
    await client.ask("POST", f"{path}/transitions", {"to": "in_progress", "comment": "mine"})
    (alert,) = (await client.ask("GET", "/api/v1/alerts"))["items"]
    assert alert["triage"] == "acknowledged"
    answer = await client.ask("PATCH", path, {"status": "resolved"})
    assert (answer["status"], answer["still_firing"]) == ("resolved", 1)
    moves = [one for one in answer["history"] if one["field"] == "status"]
    assert [one["to"] for one in moves] == ["open", "in_progress", "resolved"]
    assert moves[1]["comment"] == "mine"


async def test_twenty_parallel_calls_for_an_alerts_ticket_make_one(client: Client) -> None:
    silence = {"matchers": '{alertname="CPU"}', "ends_at": "2100-01-01T00:00:00Z"}
    await client.ask("POST", "/api/v1/silences", silence, status=201)
    await client.fire("CPU")
    (alert,) = (await client.ask("GET", "/api/v1/alerts"))["items"]
    assert alert["ticket_id"] is None
    path = f"/api/v1/alerts/{alert['fingerprint']}/ticket"

    async def call() -> tuple[int, str]:
        async with client.session.post(path) as answer:
            return answer.status, (await answer.json())["id"]

    answers = await asyncio.gather(*(call() for _ in range(20)))
    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    assert len({ticket for _, ticket in answers}) == 1


@pytest.mark.parametrize(
    "path",
    ["/api/v1/tickets/tk_none", "/api/v1/alerts/00", "/api/v1/alerts/" + "0" * 32,
     "/api/v1/silences/x", "/api/v1/nothing"],
)  # fmt: skip
async def test_what_is_not_there_is_a_problem_document(client: Client, path: str) -> None:
    problem = await client.ask("GET", path, status=404)
    assert {"type", "title", "status", "detail", "code", "errors"} <= problem.keys()


async def test_a_silence_for_ever_is_taken_obeyed_shown_changed_and_ended(client: Client) -> None:
    """What scripts write for an end that they do not know; the next start reads it too."""
    for_ever = "9999-12-31T23:59:59.999999Z"
    body = {"matchers": '{alertname="CPU"}', "ends_at": for_ever}
    made = await client.ask("POST", "/api/v1/silences", body, status=201)
    path = f"/api/v1/silences/{made['id']}"
    await client.fire("CPU", "Disk")
    assert [one["title"] for one in await client.tickets()] == ["Disk"]
    shown = await client.ask("GET", path)
    assert (shown["state"], shown["ends_at"]) == ("active", for_ever)
    changed = await client.ask("PATCH", path, {"comment": "being replaced"})
    assert (changed["comment"], changed["ends_at"]) == ("being replaced", for_ever)
    assert len((await client.ask("GET", "/api/v1/silences?state=active"))["items"]) == 1
    await client.ask("DELETE", path, status=204)
    assert (await client.ask("GET", path))["state"] == "expired"
    await client.fire("CPU")
    assert {one["title"] for one in await client.tickets()} == {"CPU", "Disk"}


async def test_a_silence_lives_from_preview_to_its_end(client: Client) -> None:
    await client.fire("CPU", "Disk")
    body = {"matchers": '{alertname="CPU"}'}
    preview = await client.ask("POST", "/api/v1/silences/preview", body)
    assert [one["labels"]["alertname"] for one in preview["items"]] == ["CPU"]
    until = {"ends_at": "2100-01-01T00:00:00Z"}
    made = await client.ask("POST", "/api/v1/silences", body | until, status=201)
    assert (made["state"], made["author"]) == ("active", "local:anna")
    path = f"/api/v1/silences/{made['id']}"
    assert client.headers["Location"] == path
    (hidden,) = [
        one for one in (await client.ask("GET", "/api/v1/alerts"))["items"] if one["silenced_by"]
    ]
    assert hidden["silenced_by"] == [made["id"]]
    edited = await client.ask(
        "PATCH", path, {"comment": "longer", "ends_at": "2101-01-01T00:00:00Z"}
    )
    assert (edited["comment"], edited["ends_at"]) == ("longer", "2101-01-01T00:00:00Z")
    await client.ask("DELETE", path, status=204)
    await client.ask("DELETE", path, status=204)
    assert (await client.ask("GET", path))["state"] == "expired"
    await client.ask("PATCH", path, {"comment": "again"}, status=400)
    listed = await client.ask("GET", "/api/v1/silences?state=expired")
    assert [one["id"] for one in listed["items"]] == [made["id"]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"matchers": '{a!="b"}'}, "/matchers"),
        ({"matchers": '{a=~"b("}'}, "/matchers"),
        ({"matchers": '{a="b"}', "ends_at": "2000-01-01T00:00:00Z"}, "/ends_at"),
        ({"matchers": '{a="b"}', "starts_at": "2101-01-01T00:00:00Z"}, "/ends_at"),
    ],
)
async def test_a_silence_that_cannot_be_meant_is_refused(
    client: Client, body: Json, pointer: str
) -> None:
    body = {"ends_at": "2100-01-01T00:00:00Z", **body}
    problem = await client.ask("POST", "/api/v1/silences", body, status=400)
    assert problem["errors"][0]["pointer"] == pointer


async def test_a_body_of_which_nothing_is_taken_is_refused_after_it_is_kept(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [{"labels": {"alertname": "A"}, "status": "odd"}, {"labels": 1}]
    for _ in range(3):
        problem = await client.ask("POST", "/api/v1/intake/custom", bad, status=400)
    assert (problem["code"], problem["accepted"]) == ("all_refused", 0)
    assert [one["index"] for one in problem["rejected"]] == [0, 1]
    await eventually(client.drained)
    said = logged(caplog, "alerts were refused and kept as dead letters")
    assert sorted(one["reason"] for one in said) == ["labels", "status"]
    assert problem["batch"].partition("-")[0] == said[0]["batch"].partition("-")[0]


async def test_dead_letters_are_seen_and_taken_in_again(
    client: Client, owner: asyncpg.Connection
) -> None:
    bad = [{"labels": {"alertname": name}, "status": "odd"} for name in "ABC"]
    await client.ask("POST", "/api/v1/intake/custom", bad, status=400)
    await eventually(client.drained)
    first = await client.ask("GET", "/api/v1/dead-letters?limit=2&reason=status")
    cursor = first["next"]
    rest = await client.ask("GET", f"/api/v1/dead-letters?limit=2&reason=status&cursor={cursor}")
    letters = first["items"] + rest["items"]
    assert len({one["id"] for one in letters}) == 3
    assert rest["next"] is None
    assert {one["raw"] for one in letters} == {json.dumps(one) for one in bad}
    assert [(one["source"], one["count"]) for one in letters] == [("custom", 1)] * 3
    assert (await client.ask("GET", "/api/v1/dead-letters?source=none"))["items"] == []
    # As if a newer version could read two of them.
    await owner.execute(
        "UPDATE dead_letters SET raw = convert_to(replace(convert_from(raw, 'UTF8'), 'odd',"
        " 'firing'), 'UTF8') WHERE convert_from(raw, 'UTF8') NOT LIKE '%\"C\"%'"
    )
    path = "/api/v1/dead-letters/replay"
    ids = [one["id"] for one in letters if '"A"' in one["raw"]]
    answer = await client.ask("POST", path, {"ids": ids})
    assert answer == {"taken": 1, "failed": 0, "more": False}
    await eventually(client.drained)
    answer = await client.ask("POST", path, {"source": "custom", "reason": "status"})
    assert answer == {"taken": 1, "failed": 1, "more": False}
    await eventually(client.drained)
    assert {one["title"] for one in await client.tickets()} == {"A", "B"}
    answer = await client.ask("POST", path, {"source": "custom"})
    assert answer == {"taken": 0, "failed": 1, "more": False}
    (left,) = (await client.ask("GET", "/api/v1/dead-letters"))["items"]
    assert '"C"' in left["raw"]


@pytest.mark.parametrize(
    ("body", "pointer"), [({}, ""), ({"ids": ["x"]}, "/ids/0"), ({"colour": "red"}, "/colour")]
)
async def test_what_to_take_in_again_must_be_said(client: Client, body: Json, pointer: str) -> None:
    problem = await client.ask("POST", "/api/v1/dead-letters/replay", body, status=400)
    assert problem["errors"][0]["pointer"] == pointer


async def test_a_mapping_that_fails_makes_one_ticket_a_source_and_reason(
    mapped: Client,
) -> None:
    await mapped.ask("POST", "/api/v1/intake/warehouse-temperatures", [{"n": "A", "s": "odd"}])
    await mapped.ask("POST", "/api/v1/intake/warehouse-temperatures", [{"n": "B", "s": "even"}])
    await mapped.ask("POST", "/api/v1/intake/warehouse-temperatures", [{"s": "firing"}])
    await eventually(mapped.drained)
    titles = sorted(one["title"][:40] for one in await mapped.tickets())
    assert titles == [
        "warehouse-temperatur: labels cannot be mapped"[:40],
        "warehouse-temperatur: status cannot be mapped"[:40],
    ]


MAPPED = """
http.listen = "127.0.0.1:0"
[sources.warehouse-temperatures]
kind = "mapped"
labels = { alertname = "n" }
status = "s"
examples = [{ in = \'{"n": "A", "s": "firing"}\', out = { status = "firing" } }]
"""


@pytest.fixture
async def mapped(database: str, tmp_path: Path) -> AsyncIterator[Client]:
    config = tmp_path / "mapped.toml"
    config.write_text(MAPPED)
    async with open_gateway(load(config), database, may_migrate=False) as gateway:
        host, port = gateway.server.addresses[0]
        async with ClientSession(f"http://{host}:{port}") as session:
            yield Client(session)


async def test_explain_walks_the_way_and_changes_nothing(client: Client) -> None:
    silence = {"matchers": '{team="db", env="test"}', "ends_at": "2100-01-01T00:00:00Z"}
    await client.ask("POST", "/api/v1/silences", silence, status=201)
    body = {"labels": {"alertname": "CPU", "team": "db", "env": "live"}}
    (item,) = (await client.ask("POST", "/api/v1/explain?source=custom", body))["items"]
    assert (item["outcome"], item["ticket"]["new"]) == ("opened", True)
    assert item["nearest_silences"][0]["failed"] == ['env="test"']
    assert (await client.ask("GET", "/api/v1/alerts"))["items"] == []
    assert await client.tickets() == []
    await client.ask("POST", "/api/v1/intake/custom", body)
    await eventually(client.drained)
    (again,) = (await client.ask("POST", "/api/v1/explain?source=custom", body))["items"]
    assert again["outcome"] == "merged"
    assert again["fingerprint"] == item["fingerprint"]


async def test_explain_of_what_a_person_has_quieted_says_by_which_ticket_and_until_when(
    client: Client,
) -> None:
    await client.fire("A")
    body = {"labels": {"alertname": "A"}}
    [ticket] = await client.tickets()
    path = f"/api/v1/tickets/{ticket['id']}/transitions"
    [before] = (await client.ask("POST", "/api/v1/explain", body))["items"]
    assert (before["outcome"], before["quiet_until"]) == ("merged", None)
    after = await client.ask("POST", path, {"to": "resolved"})
    [quiet] = (await client.ask("POST", "/api/v1/explain", body))["items"]
    assert (quiet["outcome"], quiet["ticket"]["id"]) == ("quieted", ticket["id"])
    span = moment(quiet["quiet_until"]) - moment(after["resolved_at"])
    assert span == timedelta(minutes=30)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def streamed(body: Json) -> Json:
    """How a large body is to be sent."""
    data = io.BytesIO(json.dumps(body).encode())
    return {"data": data, "headers": {"Content-Type": "application/json"}}


async def test_explain_takes_what_a_person_can_read_and_no_more(client: Client) -> None:
    alerts = [{"labels": {"alertname": "CPU"}}, 7] * 50
    answer = await client.ask("POST", "/api/v1/explain", alerts)
    assert len(answer["items"]) == len(answer["rejected"]) == 50
    problem = await client.ask("POST", "/api/v1/explain", [*alerts, 7], status=400)
    assert problem["code"] == "too_many"
    large = streamed({"labels": {"alertname": "CPU"}, "title": "x" * 2**20})
    problem = await client.ask("POST", "/api/v1/explain", status=413, **large)
    assert problem["limit_bytes"] == 2**20


async def test_what_people_send_is_small(client: Client) -> None:
    ticket = streamed({"title": "x", "description": "x" * 2**20})
    problem = await client.ask("POST", "/api/v1/tickets", status=413, **ticket)
    assert problem["code"] == "body_too_large"
    silence = {"matchers": "a=" + "b" * 64 * 1024}
    problem = await client.ask("POST", "/api/v1/silences/preview", silence, status=400)
    assert problem["code"] == "bad_matchers"


async def test_half_a_surrogate_pair_is_named_with_its_field(client: Client) -> None:
    body, headers = rb'{"title": "a\ud800"}', {"Content-Type": "application/json"}
    async with client.session.post("/api/v1/tickets", data=body, headers=headers) as answer:
        problem = await answer.json(content_type=None)
    assert (answer.status, problem["code"]) == (400, "invalid_body")
    assert problem["errors"] == [
        {"pointer": "/title", "detail": r"\ud800 is half a surrogate pair, and so no character"}
    ]


async def test_explain_of_an_alert_has_the_severity_that_was_said_beside_its_labels(
    client: Client,
) -> None:
    body = {"labels": {"alertname": "CPU", "severity": "info"}, "severity": "critical"}
    await client.ask("POST", "/api/v1/intake/custom", body)
    await eventually(client.drained)
    (alert,) = (await client.ask("GET", "/api/v1/alerts"))["items"]
    why = await client.ask("GET", f"/api/v1/alerts/{alert['fingerprint']}/explain")
    assert (why["alert"]["severity"], why["items"][0]["severity"]) == ("critical", "critical")
    assert why["items"][0]["ticket"]["priority"] == "critical"


async def test_explain_of_an_alert_whose_recovery_is_known_by_its_hash(client: Client) -> None:
    event = {"hash": "a" * 32, "rule_name": "CPU", "severity": 1, "tags_map": {"host": "db1"}}
    await client.ask("POST", "/api/v1/intake/n9e", event)
    await eventually(client.drained)
    (alert,) = (await client.ask("GET", "/api/v1/alerts"))["items"]
    why = await client.ask("GET", f"/api/v1/alerts/{alert['fingerprint']}/explain")
    assert why["items"][0]["outcome"] == "merged"
    renamed = event | {"tags_map": {"host": "db2"}}
    await client.ask("POST", "/api/v1/intake/n9e", renamed)
    await eventually(client.drained)
    left = await client.ask("GET", f"/api/v1/alerts/{alert['fingerprint']}/explain")
    assert (left["alert"]["status"], left["alert"]["occurrences"]) == ("resolved", 0)
    assert left["items"] == []
    assert len((await client.ask("GET", "/api/v1/alerts"))["items"]) == 2


async def test_intake_takes_the_good_and_names_the_bad(client: Client) -> None:
    bodies = [{"labels": {"alertname": "A"}}, {"labels": {}}, None, {"labels": {"alertname": "B"}}]
    answer = await client.ask("POST", "/api/v1/intake/custom", bodies)
    assert answer["accepted"] == 2
    assert [one["index"] for one in answer["rejected"]] == [1, 2]
    assert answer["batch"]
    problem = await client.ask("POST", "/api/v1/intake/nobody", {}, status=404)
    assert problem["code"] == "unknown_source"


async def test_of_very_many_bad_alerts_the_first_are_named_and_the_others_counted(
    client: Client,
) -> None:
    good = {"labels": {"alertname": "CPU"}}
    answer = await client.ask("POST", "/api/v1/intake/custom", [good] + [7] * 150)
    assert (answer["accepted"], len(answer["rejected"]), answer["more_rejected"]) == (1, 100, 50)
    text = await client.ask("POST", "/api/v2/alerts", [good] + [7] * 150, status=400)
    assert str(text).count("\n") == 100
    assert str(text).endswith("and 50 more")


async def test_prometheus_hears_what_alertmanager_would_say(client: Client) -> None:
    async def post(body: object, path: str = "/api/v2/alerts") -> tuple[int, bytes]:
        async with client.session.post(path, json=body) as answer:
            return answer.status, await answer.read()

    good, bad = {"labels": {"alertname": "A"}}, {"labels": {}}
    assert await post([good]) == (200, b"")
    assert await post([good], "/api/v1/intake/prometheus/api/v2/alerts") == (200, b"")
    assert await post([]) == (200, b"")
    status, said = await post([good, bad])
    assert (status, said[:1]) == (400, b'"')
    assert b"at least one label pair required" in said
    status, said = await post({"labels": {}})
    assert status == 400
    assert b'"code":400' in said
    await eventually(client.drained)
    (alert,) = (await client.ask("GET", "/api/v1/alerts"))["items"]
    assert alert["occurrences"] == 3


async def test_hostile_labels_are_kept_as_text(client: Client) -> None:
    body = b'{"labels": {"alertname": "<script>\\u0000\\ud800 \xe2\x80\xae"}}'
    headers = {"Content-Type": "application/json"}
    async with client.session.post("/api/v1/intake/custom", data=body, headers=headers) as answer:
        assert (await answer.json())["accepted"] == 1
    await eventually(client.drained)
    (alert,) = (await client.ask("GET", "/api/v1/alerts"))["items"]
    assert alert["labels"]["alertname"] == "<script>\ufffd\ufffd \u202e"


async def test_readiness_and_health_are_public(client: Client) -> None:
    assert (await client.ask("GET", "/-/ready"))["ready"] is True
    async with client.session.get("/-/healthy") as answer:
        assert answer.status == 200


async def test_the_api_is_described_whole_and_nothing_else_is(client: Client) -> None:
    async with client.session.get("/api/v1/openapi.yaml") as answer:
        described = yaml.safe_load(await answer.text())
    documented = {
        (method.upper(), path)
        for path, operations in described["paths"].items()
        for method in operations
    }
    assert documented == client.routes


async def test_what_is_served_is_the_table_and_nothing_else(client: Client) -> None:
    assert client.routes == {(endpoint.method, endpoint.path) for endpoint in TABLE}


PAYLOADS = Path(__file__).parents[1] / "sources" / "payloads"


@pytest.mark.parametrize("kind", ["alertmanager", "grafana", "n9e", "custom"])
async def test_every_recorded_body_of_a_sender_is_taken(client: Client, kind: str) -> None:
    files = sorted((PAYLOADS / kind).glob("*.json"))
    assert files
    for file in files:
        async with client.session.request(
            "PUT" if kind == "grafana" else "POST",
            f"/api/v1/intake/{kind}",
            data=file.read_bytes(),
            headers={"Content-Type": "application/json"},
        ) as answer:
            assert answer.status == 200, (file.name, await answer.text())
            said = await answer.json()
            assert {"accepted", "rejected", "batch"} <= said.keys()
    await eventually(client.drained)
    assert (await client.ask("GET", "/api/v1/alerts"))["items"]


async def test_what_people_and_time_do_to_tickets_is_counted_like_what_alerts_do(
    client: Client,
) -> None:
    async def counted(line: str) -> float:
        async with client.session.get("/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return float(next(one for one in lines if one.startswith(line)).rpartition(" ")[2])

    ticket = await client.ask("POST", "/api/v1/tickets", {"title": "Disks"}, status=201)
    steps = f"/api/v1/tickets/{ticket['id']}/transitions"
    for to in ("resolved", "in_progress", "resolved"):
        await client.ask("POST", steps, {"to": to})
    assert await counted("gateway_tickets_opened_total ") == 1
    assert await counted("gateway_tickets_reopened_total ") == 1
    assert await counted('gateway_tickets_resolved_total{by="person"}') == 2
    assert await counted('gateway_tickets_resolved_total{by="system"}') == 0
    await client.fire("CPU")
    assert await counted("gateway_tickets_opened_total ") == 2
