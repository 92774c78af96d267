import pytest
from tests.web.api.client import *
pytestmark = pytest.mark.asyncio(loop_scope="module")
async def test_a(shared):
    n = fresh()
    await shared.fire(n)
    a = await shared.alert(n)
    t = await shared.ticket(n)
    await shared.ask("GET", f"/api/v1/alerts/{a['fingerprint']}/explain")
    s = await shared.silence('{a="b"}')
    await shared.ask("POST","/api/v1/explain",{"labels":{"a":"b","c":"d"}})
    await shared.ask("POST","/api/v1/silences/preview",{"matchers":'{alertname="%s"}'%n})
    await shared.step(t,"in_progress",comment="x")
    await shared.step(t,"open", status=403)
async def test_b(client):
    await client.ask("POST","/api/v1/tickets",{},status=400)
    await client.ask("POST","/api/v1/tickets",{"title":"x"},status=201)
