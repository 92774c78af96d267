"""A person's client of one gateway; every answer is held against the API's description."""

from typing import Any

from aiohttp import ClientSession

from tests.programs import eventually
from tests.web.described import DESCRIBED

Json = dict[str, Any]


class Client:
    """Asks one gateway."""

    routes: set[tuple[str, str]]
    """Method and path of everything served."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def ask(
        self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any
    ) -> Json:
        arguments = {} if body is None else {"json": body}
        async with self.session.request(method, path, **arguments, **more) as answer:
            assert answer.status == status, await answer.text()
            self.headers = answer.headers
            found: Json = await answer.json(content_type=None) if answer.status != 204 else {}
            DESCRIBED.check(method, answer.url.path, status, answer.content_type, found)
            return found

    async def fire(self, *names: str, **labels: str) -> None:
        """One alert each, and wait until they are in the ledger."""
        alerts = [{"labels": {"alertname": name, **labels}} for name in names]
        await self.ask("POST", "/api/v1/intake/custom", alerts)
        await eventually(self.drained)

    async def drained(self) -> bool:
        async with self.session.get("/metrics") as answer:
            text = await answer.text()
        return "gateway_journal_unapplied_records 0.0" in text

    async def ready(self) -> bool:
        async with self.session.get("/-/ready") as answer:
            return answer.status == 200

    async def tickets(self, query: str = "") -> list[Json]:
        items: list[Json] = (await self.ask("GET", f"/api/v1/tickets{query}"))["items"]
        return items

    async def ticket_of(self, name: str) -> Json:
        (found,) = [one for one in await self.tickets() if one["title"] == name]
        return found
