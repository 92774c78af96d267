"""Lists page by an opaque cursor that fits only the list it came from."""

import base64
from urllib.parse import quote

import pytest

PATH = "/api/v1/things"


async def page(site, query: str = "") -> dict:
    answer = await site.request("GET", PATH + query)
    assert answer.status == 200, answer
    return answer.json()


async def refusal(site, query: str) -> dict:
    answer = await site.request("GET", PATH + query)
    assert answer.status == 400
    return answer.problem


async def test_following_the_cursor_shows_every_row_once(site):
    seen, query = [], "?limit=7"
    while True:
        found = await page(site, query)
        seen += [item["n"] for item in found["items"]]
        if found["next"] is None:
            break
        query = f"?limit=7&cursor={found['next']}"
    assert seen == list(range(120))


async def test_a_page_holds_50_rows_unless_told(site):
    assert len((await page(site))["items"]) == 50


async def test_a_full_last_page_has_no_next(site):
    assert (await page(site, "?limit=120"))["next"] is None
    assert (await page(site, "?limit=119"))["next"] is not None


async def test_the_limit_may_change_between_pages(site):
    cursor = (await page(site, "?limit=10"))["next"]
    assert (await page(site, f"?limit=3&cursor={cursor}"))["items"][0] == {"n": 10}


@pytest.mark.parametrize(
    "limit",
    ["0", "501", "-1", "x", "", "1.5", "１", "9" * 5000, "0" * 8 + "1000", "0" * 8 + "1" * 5000],
    ids=lambda limit: limit[:12],
)
async def test_a_bad_limit_is_refused(site, limit):
    problem = await refusal(site, f"?limit={quote(limit)}")
    assert problem["code"] == "bad_parameter"
    assert problem["errors"][0]["pointer"] == "/limit"


async def test_unknown_parameters_are_all_named(site):
    problem = await refusal(site, "?stauts=open&status=open&x=1&limit=3")
    assert problem["code"] == "unknown_parameter"
    assert [error["pointer"] for error in problem["errors"]] == ["/stauts", "/x"]
    assert "status" in problem["detail"]


@pytest.mark.parametrize(
    "query", ["?limit=1&limit=2", "?cursor=a&cursor=b", "?status=closed&status=open"]
)
async def test_parameters_are_given_once(site, query):
    assert (await refusal(site, query))["code"] == "bad_parameter"


@pytest.mark.parametrize("other", ["&status=open", "&matchers=a", "&matchers=a&status=closed"])
async def test_a_cursor_of_other_filters_is_refused(site, other):
    cursor = (await page(site, "?limit=1&status=closed"))["next"]
    assert (await refusal(site, f"?cursor={cursor}"))["code"] == "bad_cursor"
    assert (await refusal(site, f"?cursor={cursor}{other}"))["code"] == "bad_cursor"
    assert (await page(site, f"?cursor={cursor}&status=closed"))["items"][0] == {"n": 1}


async def test_the_order_of_filters_and_a_slash_do_not_matter(site):
    cursor = (await page(site, "?limit=1&status=a&matchers=b"))["next"]
    assert (await page(site, f"?matchers=b&status=a&cursor={cursor}"))["items"]
    assert (await page(site, f"/?matchers=b&status=a&cursor={cursor}"))["items"]


def encoded(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "\xff",
        encoded(b"{}"),
        encoded(b'["digest"]'),
        encoded(b'["digest", [1]]'),
        encoded(b'["digest", ["one", "two"]]'),
        encoded(b'["digest", [1, "two"]]'),
        encoded(b"[" * 50_000)[:4000],
    ],
)
async def test_a_broken_cursor_is_refused(site, cursor):
    assert (await refusal(site, f"?cursor={quote(cursor)}"))["code"] == "bad_cursor"


@pytest.mark.parametrize("text", [r"a\u0000", r"\ud800", r"a\n\u0000b"])
async def test_a_text_that_no_row_can_hold_breaks_a_cursor(site, text):
    cursor = (await page(site, "?limit=1"))["next"]
    plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"row 0" in plain
    forged = encoded(plain.replace(b"row 0", text.encode()))
    assert (await refusal(site, f"?cursor={forged}"))["code"] == "bad_cursor"
