"""Workflows over HTTP: what is declared, what the caller may do now, and what a step lacks."""

from xml.etree import ElementTree

from tests.web.client import Client, Json


async def opened(client: Client, kind: str) -> Json:
    body = {"title": "Disks", "type": kind}
    return await client.ask("POST", "/api/v1/tickets", body, status=201)


async def test_a_ticket_shows_the_steps_that_the_caller_may_take_and_each_succeeds(
    client: Client,
) -> None:
    ticket = await opened(client, "incident")
    assert [one["to"] for one in ticket["actions"]] == ["in_progress", "resolved", "cancelled"]
    assert (ticket["state"], ticket["workflow"]) == ("open", "incident_response")
    for number in range(len(ticket["actions"])):
        fresh = await opened(client, "incident")
        action = fresh["actions"][number]
        body = {"action": action["name"], **dict.fromkeys(action["needs"], "said")}
        path = f"/api/v1/tickets/{fresh['id']}/transitions"
        moved = await client.ask("POST", path, body)
        assert moved["state"] == action["to"]


async def test_what_a_step_lacks_is_said_with_pointers(client: Client) -> None:
    ticket = await opened(client, "problem")
    path = f"/api/v1/tickets/{ticket['id']}"
    await client.ask("POST", f"{path}/transitions", {"to": "investigating"})
    problem = await client.ask("POST", f"{path}/transitions", {"to": "known_error"}, status=422)
    assert problem["code"] == "missing_fields"
    assert [one["pointer"] for one in problem["errors"]] == [
        "/custom/root_cause", "/custom/workaround",
    ]  # fmt: skip
    custom = {"root_cause": "full disks", "workaround": "delete logs"}
    body = {"to": "known_error", "custom": custom}
    known = await client.ask("POST", f"{path}/transitions", body)
    assert (known["status"], known["state"], known["custom"]) == ("pending", "known_error", custom)
    done = {"status": "RESOLVED", "resolution_note": "larger disks"}
    resolved = await client.ask("PATCH", path, done)
    assert (resolved["status"], resolved["resolution_note"]) == ("resolved", "larger disks")
    assert resolved["close_at"] is not None
    assert resolved["resolved_by"] == "local:anna"


async def test_a_step_is_meant_in_one_way_and_nothing_said_of_it_is_lost(client: Client) -> None:
    path = f"/api/v1/tickets/{(await opened(client, 'incident'))['id']}"
    for body in ({}, {"to": "resolved", "action": "resolved"}):
        problem = await client.ask("POST", f"{path}/transitions", body, status=400)
        assert [one["pointer"] for one in problem["errors"]] == ["/to"]
    for name in ("comment", "resolution", "resolution_note"):
        problem = await client.ask("PATCH", path, {name: "lost"}, status=400)
        assert [one["pointer"] for one in problem["errors"]] == [f"/{name}"]


async def test_an_incident_is_made_major_and_stood_down(client: Client) -> None:
    path = f"/api/v1/tickets/{(await opened(client, 'incident'))['id']}"
    major = await client.ask("POST", f"{path}/escalate", {"comment": "all are down"})
    assert (major["major"], major["priority"], major["workflow"]) == (
        True, "critical", "major_incident",
    )  # fmt: skip
    problem = await client.ask("POST", f"{path}/escalate", {}, status=409)
    assert problem["code"] == "already_major"
    await client.ask("POST", f"{path}/stand-down", {"comment": " "}, status=400)
    down = await client.ask("POST", f"{path}/stand-down", {"comment": "half is back"})
    assert (down["major"], down["workflow"]) == (False, "incident_response")
    body = {"state": "open", "comment": "lost"}
    problem = await client.ask("POST", f"{path}/relocate", body, status=409)
    assert problem["code"] == "state_declared"


async def test_workflows_are_listed_shown_and_drawn(client: Client) -> None:
    found = await client.ask("GET", "/api/v1/workflows")
    names = [one["name"] for one in found["items"]]
    assert names[:2] == ["default", "incident_response"]
    change = await client.ask("GET", "/api/v1/workflows/change")
    assert (change["start"], change["close_after"], change["declared"]) == ("draft", "never", True)
    assert change["transitions"][0]["when"] == ['{"custom.risk"!="low"}']
    await client.ask("GET", "/api/v1/workflows/nonsense", status=404)
    async with client.session.get("/api/v1/workflows/change.svg") as answer:
        assert (answer.status, answer.content_type) == (200, "image/svg+xml")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        ElementTree.fromstring(await answer.text())
