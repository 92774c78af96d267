"""The API's description is made of the endpoint table, whole, and others can work with it."""

import importlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gateway.web.api.table import TABLE
from tests.web.described import DESCRIBED, Json
from tests.web.openapi import FILE, written

CONFIG = {
    "post_hooks": [],
    "content_type_overrides": {"application/yaml": "text/plain", "image/svg+xml": "text/plain"},
}
"""Of the generator: it has ruff format its code, and knows YAML not as a text."""


def test_the_checked_in_description_is_that_of_the_table() -> None:
    assert FILE.read_text() == written(), "run `make openapi`"


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    referred = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(reference := value.get("$ref"), str):
                DESCRIBED.resolved(value)
                referred.add(reference)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(DESCRIBED.document)
    components = {
        f"#/components/{section}/{name}"
        for section, found in DESCRIBED.document["components"].items()
        for name in found
        if section != "securitySchemes"
    }
    assert components == referred


def _contents() -> list[tuple[str, Json]]:
    """Every body of a request or an answer, with its place."""
    found = []
    for path, operations in DESCRIBED.document["paths"].items():
        for method, operation in operations.items():
            bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for name, body in bodies.items():
                for content in DESCRIBED.resolved(body).get("content", {}).values():
                    found.append((f"{method} {path} {name}", content))
    return found


def test_every_body_has_an_example_that_is_one() -> None:
    contents = _contents()
    assert len(contents) > 80
    for place, content in contents:
        named = [DESCRIBED.resolved(one)["value"] for one in content.get("examples", {}).values()]
        examples = named or [content["example"]]
        for example in examples:
            assert not DESCRIBED.mistakes(example, content["schema"]), place


def test_every_operation_says_what_it_does_and_what_it_needs() -> None:
    names = [endpoint.name for endpoint in TABLE]
    assert len(names) == len(set(names))
    for operations in DESCRIBED.document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["x-permission"]


def test_what_is_no_part_of_the_path_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="/api/v1/nothing"):
        replace(next(one for one in TABLE if "{id}" in one.path), path="/api/v1/nothing")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client made of the description by a program that is not ours, which had nothing to say."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(CONFIG))
    arguments = ["--path", FILE, "--output-path", folder / "made", "--config", config]
    run = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none",
            "--fail-on-warning", *arguments,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "warning" not in (run.stdout + run.stderr).lower()
    return folder / "made"


def test_a_generated_client_has_every_operation(client: Path) -> None:
    made = {file.stem.replace("_", "") for file in client.glob("api/*/*.py")}
    assert {endpoint.name.lower() for endpoint in TABLE} <= made


def test_a_generated_client_has_every_named_schema_and_they_import(
    client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(client.parent))
    models = importlib.import_module("made.models")
    unnamed = DESCRIBED.document["components"]["schemas"].keys() - set(dir(models))
    assert not unnamed
    for module in ("ticket", "alert", "problem", "silence"):
        assert importlib.import_module(f"made.models.{module}")


def test_a_generated_client_reads_what_is_shown_as_an_example(
    client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(client.parent))
    models = importlib.import_module("made.models")
    examples = DESCRIBED.document["components"]["examples"]
    for name in ("TicketPage", "TicketDetail", "AlertPage", "Silence", "Problem"):
        example = examples[name]["value"]
        read = json.dumps(getattr(models, name).from_dict(example).to_dict())
        assert json.loads(read.replace("+00:00", "Z")) == example
