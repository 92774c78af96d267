"""Comments over HTTP: written, read, edited, narrowed and taken back."""

import pytest

from tests.web.client import Client, Json


async def ticket_path(client: Client) -> str:
    ticket = await client.ask("POST", "/api/v1/tickets", {"title": "Disks"}, status=201)
    return f"/api/v1/tickets/{ticket['id']}"


async def write(client: Client, path: str, body: str, who: str = "anna", **more: str) -> Json:
    form = {"body": body, **more}
    headers = {"X-Actor": who}
    return await client.ask("POST", f"{path}/comments", form, status=201, headers=headers)


async def test_a_comment_is_written_read_edited_and_taken_back(client: Client) -> None:
    path = await ticket_path(client)
    written = await write(client, path, "loud fan, @Bob", visibility="auditor_visible")
    place = client.headers["Location"]
    assert place == f"{path}/comments/{written['id']}"
    assert (written["author"], written["unreached_mentions"]) == ("local:anna", ["bob"])
    anna = {"X-Actor": "anna"}
    edited = await client.ask("PATCH", place, {"body": "a loud fan"}, headers=anna)
    assert (edited["body"], edited["unreached_mentions"]) == ("a loud fan", [])
    detail = await client.ask("GET", place)
    assert [one["body"] for one in detail["revisions"]] == ["loud fan, @Bob"]
    await client.ask("DELETE", place, status=204, headers=anna)
    gone = await client.ask("GET", place)
    assert (gone["body"], gone["revisions"], gone["retracted_at"] is None) == ("", [], False)
    answer = await client.ask("PATCH", place, {"body": "x"}, headers=anna, status=409)
    assert answer["code"] == "comment_retracted"


async def test_the_ticket_keeps_its_version_and_knows_of_each_change(client: Client) -> None:
    path = await ticket_path(client)
    etag = (await client.ask("GET", path), client.headers["ETag"])[1]
    await write(client, path, "one")
    detail = await client.ask("GET", path)
    assert client.headers["ETag"] == etag
    assert [entry["field"] for entry in detail["history"]] == ["status", "comment"]
    assert "one" not in detail["history"][-1]["to"]
    await client.ask("PATCH", path, {"title": "Fans"}, headers={"If-Match": etag})


async def test_comments_are_listed_latest_first_in_pages(client: Client) -> None:
    path = await ticket_path(client)
    for number in range(5):
        await write(client, path, str(number))
    page = await client.ask("GET", f"{path}/comments?limit=3")
    rest = await client.ask("GET", f"{path}/comments?limit=3&cursor={page['next']}")
    shown = [one["body"] for one in page["items"] + rest["items"]]
    assert (shown, rest["next"]) == (list("43210"), None)


async def test_what_cannot_be_said_is_refused_with_its_field(client: Client) -> None:
    path = await ticket_path(client)
    for form, pointer in (
        ({"body": "  "}, "/body"),
        ({"body": "é" * 40_000}, "/body"),
        ({"body": "x", "visibility": "public"}, "/visibility"),
        ({"body": "a\0b"}, "/body"),
        ({}, "/body"),
    ):
        answer = await client.ask("POST", f"{path}/comments", form, status=400)
        assert answer["errors"][0]["pointer"] == pointer, form


async def test_nobody_edits_or_takes_back_what_another_wrote(client: Client) -> None:
    path = await ticket_path(client)
    written = await write(client, path, "mine")
    place = f"{path}/comments/{written['id']}"
    bob = {"X-Actor": "bob"}
    for method, form in (("PATCH", {"body": "yours"}), ("DELETE", None)):
        answer = await client.ask(method, place, form, headers=bob, status=403)
        assert answer["code"] == "not_the_author"


async def test_visibility_is_not_widened(client: Client) -> None:
    path = await ticket_path(client)
    written = await write(client, path, "among us")
    place, anna = f"{path}/comments/{written['id']}", {"X-Actor": "anna"}
    form = {"visibility": "auditor_visible"}
    answer = await client.ask("PATCH", place, form, headers=anna, status=400)
    assert (answer["code"], answer["errors"][0]["pointer"]) == ("visibility_widened", "/visibility")


@pytest.mark.parametrize("place", ["c_none", "c_" + "0" * 26, "%00"])
async def test_a_comment_that_is_not_there_is_not_found(client: Client, place: str) -> None:
    path = await ticket_path(client)
    await client.ask("GET", f"{path}/comments/{place}", status=404)
    nowhere = f"/api/v1/tickets/tk_{'0' * 26}/comments"
    await client.ask("GET", nowhere, status=404)
    await client.ask("POST", nowhere, {"body": "x"}, status=404)


async def test_a_comment_sent_twice_under_one_key_stands_once(client: Client) -> None:
    path = await ticket_path(client)
    headers = {"Idempotency-Key": "k-1"}
    first, again = [
        await client.ask("POST", f"{path}/comments", {"body": "x"}, status=201, headers=headers)
        for _ in range(2)
    ]
    assert first == again
    answer = await client.ask(
        "POST", f"{path}/comments", {"body": "y"}, status=422, headers=headers
    )
    assert answer["code"] == "key_reused"
    assert len((await client.ask("GET", f"{path}/comments"))["items"]) == 1
