"""Documents that stay true: what they name exists, and what they promise is there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    "gateway/sources/zabbix.py",
    "gateway/storage/postgres/migrations/NNNN_words.sql",
}
"""Of what a contributor may add."""


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    named = set(
        re.findall(r"`?((?:gateway|matchers|tests|benchmarks)/[\w./]+\.(?:py|sql|md))`?", text)
    )
    named -= EXAMPLES
    missing = [name for name in sorted(named) if not (ROOT / name).exists()]
    assert not missing


def test_every_module_in_the_way_of_an_alert_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    folders = "intake|effects|windows|storage|tickets|web|silences|alerts|workers|cli"
    named = set(re.findall(rf"`((?:{folders})/[\w/]+\.py)`", text))
    assert len(named) > 15
    assert not [name for name in sorted(named) if not (ROOT / "gateway" / name).exists()]


def test_the_architecture_fits_in_200_lines() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 200


def test_ci_runs_the_readmes_own_test_command() -> None:
    assert "make test" in (ROOT / "README.md").read_text()
    assert "make check" in (ROOT / ".ci" / "run").read_text()
    check = (ROOT / "Makefile").read_text().partition("check:")[2].partition("\n\n")[0]
    assert "test" in check


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_pin_by_hash_and_name_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "==" in entry and "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_readmes_commands_exist() -> None:
    parser = subprocess.run(
        [ROOT / ".venv" / "bin" / "alert-gateway", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in re.findall(
        r"^\| `alert-gateway (\S+?)[ `]", (ROOT / "README.md").read_text(), re.M
    ):
        assert command in parser.stdout
