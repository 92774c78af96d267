"""A source kind is an adapter and a payload: with no other edit everything asked of kinds holds."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.sources import discover

ROOT = Path(__file__).parents[2]
PARTS = (
    "gateway", "matchers", "tests", "pyproject.toml", "config.example.toml", "compose.config.toml",
)  # fmt: skip

ADAPTER = '''"""A sender of which nobody else has heard."""

import msgspec
from msgspec import Raw

from gateway.alerts.sighting import Sighting
from gateway.intake.delivery.source import SourceKind
from gateway.reading.payload import BadItem, Items, translate_items


class _Event(msgspec.Struct):
    what: str
    over: bool = False


def _split(text):
    body = msgspec.json.decode(text, type={body})
    return Items({items})


def _read(index, raw):
    try:
        event = msgspec.json.decode(raw, type=_Event)
    except msgspec.ValidationError as error:
        raise BadItem("", "must be an event", "shape") from error
    labels = msgspec.json.encode({{"alertname": "Event", "what": event.what}})
    return Sighting(index, not event.over, labels)


def parse(body, received_at):
    return translate_items(body, _split, _read)


SOURCE = SourceKind(kind="{kind}", open=lambda options: parse)
'''


def add_kind(root: Path, kind: str, *, body: str, items: str, payload: str) -> None:
    """Its two files, and nothing else."""
    adapter = ADAPTER.format(kind=kind, body=body, items=items)
    (root / "gateway" / "sources" / f"{kind}.py").write_text(adapter)
    recorded = root / "tests" / "sources" / "payloads" / kind / "firing.json"
    recorded.parent.mkdir()
    recorded.write_text(payload)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The house without its environment."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, tmp_path / part)
    return tmp_path


def run_tests(root: Path, *chosen: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )


def test_adapters_and_their_payloads_are_all_that_kinds_need(copied: Path) -> None:
    in_lists = {"body": "list[Raw] | None", "items": "body or []"}
    add_kind(copied, "alerta", **in_lists, payload='[{"what": "disk full"}]')
    alone = {"body": "dict | None", "items": "[Raw(text)] if body else [], alone=True"}
    add_kind(copied, "zabbix", **alone, payload='{"what": "disk full"}')
    others = " or ".join(discover())
    for chosen in (
        ("tests/sources/test_contract.py", "-k", f"not ({others})"),
        ("tests/config", "tests/test_metrics.py"),
    ):
        done = run_tests(copied, *chosen)
        assert done.returncode == 0, done.stdout + done.stderr
