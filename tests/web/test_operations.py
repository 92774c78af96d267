"""What probes and Prometheus hear."""

import pytest


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/-/healthy", "/-/healthy/", "/-/ready", "/-/ready/"])
async def test_probes_answer_get_and_head_with_and_without_a_slash(site, method, path):
    assert (await site.request(method, path)).status == 200


async def test_ready_gives_the_reasons_why_not(site):
    site.unready.append("draining")
    answer = await site.request("GET", "/-/ready")
    assert answer.status == 503
    assert answer.json() == {"ready": False, "reasons": ["draining"]}


async def test_healthy_does_not_care_about_readiness(site):
    site.unready.append("the journal is full")
    answer = await site.request("GET", "/-/healthy")
    assert (answer.status, answer.body) == (200, b"OK\n")


async def test_metrics_are_prometheus_text(site):
    answer = await site.request("GET", "/metrics")
    assert answer.body == b"gateway_up 1\n"
    assert answer.headers["content-type"].startswith("text/plain; version=")


async def test_probes_cannot_be_posted_to(site):
    assert (await site.request("POST", "/-/healthy")).status == 405
