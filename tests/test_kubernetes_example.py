"""The example for Kubernetes: what of it can be held against the program."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from gateway.config import load
from gateway.metrics import Metrics
from gateway.roles import EVERY_ROLE, ProcessRole, read_roles
from gateway.web.api import operations

ROOT = Path(__file__).parent.parent
Object = dict[str, Any]


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return list(yaml.safe_load_all((ROOT / "kubernetes.example.yaml").read_text()))


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    return [one for one in objects if one["kind"] in kinds]


def pods(objects: list[Object]) -> list[Object]:
    return [one["spec"]["template"] for one in of_kind(objects, "StatefulSet", "Deployment")]


def containers(objects: list[Object]) -> list[Object]:
    return [pod["spec"]["containers"][0] for pod in pods(objects)]


def configuration(objects: list[Object], directory: Path) -> Path:
    """As it is in the pods, but for the secrets and where the data is."""
    (config_map,) = of_kind(objects, "ConfigMap")
    secrets = directory / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "token").write_text("t" * 64)
    (secrets / "postgres_url").write_text("postgresql://gateway:secret@postgres/gateway")
    (secrets / "redis_url").write_text("redis://redis:6379/0")
    text = config_map["data"]["gateway.toml"]
    path = directory / "gateway.toml"
    path.write_text(text.replace("/run/secrets/alert-gateway", str(secrets)))
    return path


def test_it_holds_all_that_is_needed(objects: list[Object]) -> None:
    kinds = {one["kind"] for one in objects}
    assert {"StatefulSet", "Deployment", "Service", "ConfigMap"} <= kinds
    assert {"PodDisruptionBudget", "HorizontalPodAutoscaler"} <= kinds
    assert {one["metadata"]["namespace"] for one in objects} == {"alerts"}


def test_its_configuration_is_a_good_one(objects: list[Object], tmp_path: Path) -> None:
    config = load(configuration(objects, tmp_path))
    assert str(config.data_dir) == "/data"
    assert config.postgres.url and config.redis.url and config.auth.token
    for container in containers(objects):
        mounted = {one["mountPath"] for one in container["volumeMounts"]}
        assert {"/data", "/etc/alert-gateway", "/run/secrets/alert-gateway", "/tmp"} == mounted
        assert container["ports"][0]["containerPort"] == config.http.listen.port


def test_there_is_time_enough_to_drain(objects: list[Object], tmp_path: Path) -> None:
    grace = load(configuration(objects, tmp_path)).shutdown.grace.total_seconds()
    by_kind = {
        one["kind"]: one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        for one in of_kind(objects, "StatefulSet", "Deployment")
    }
    assert by_kind["StatefulSet"] > 2 * grace
    assert by_kind["Deployment"] > grace


def test_the_pods_have_all_roles_between_them_and_only_intake_keeps_anything(
    objects: list[Object],
) -> None:
    found: set[ProcessRole] = set()
    for one in of_kind(objects, "StatefulSet", "Deployment"):
        arguments = one["spec"]["template"]["spec"]["containers"][0]["args"]
        roles = read_roles(arguments[arguments.index("--roles") + 1])
        assert found.isdisjoint(roles)
        found |= roles
        assert (ProcessRole.INTAKE in roles) is (one["kind"] == "StatefulSet")
        assert ("volumeClaimTemplates" in one["spec"]) is (ProcessRole.INTAKE in roles)
    assert found == EVERY_ROLE


def test_probes_ask_what_is_there(objects: list[Object]) -> None:
    served = {endpoint.path for endpoint in operations.ENDPOINTS}
    for container in containers(objects):
        probes = [container["livenessProbe"], container["readinessProbe"]]
        asked = [probe["httpGet"]["path"] for probe in probes]
        assert asked == ["/-/healthy", "/-/ready"]
        assert set(asked) <= served
        assert {probe["httpGet"]["port"] for probe in probes} == {container["ports"][0]["name"]}


def test_pods_may_do_nothing_they_need_not(objects: list[Object]) -> None:
    for pod in pods(objects):
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(objects):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}


def test_every_selector_finds_pods(objects: list[Object]) -> None:
    labels = [pod["metadata"]["labels"] for pod in pods(objects)]
    for one in of_kind(objects, "Service"):
        assert one["spec"]["selector"] in labels
    for one in of_kind(objects, "StatefulSet", "Deployment", "PodDisruptionBudget"):
        assert one["spec"]["selector"]["matchLabels"] in labels


def test_it_scales_by_a_metric_that_exists(objects: list[Object]) -> None:
    (scaler,) = of_kind(objects, "HorizontalPodAutoscaler")
    registry = CollectorRegistry()
    Metrics(registry)
    declared = {metric.name for metric in registry.collect()}
    assert {one["pods"]["metric"]["name"] for one in scaler["spec"]["metrics"]} <= declared
    target = scaler["spec"]["scaleTargetRef"]
    names = [one["metadata"]["name"] for one in of_kind(objects, target["kind"])]
    assert target["name"] in names
