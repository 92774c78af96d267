"""The house's own conventions, as programs: names that say something, and SQL that is written."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.house import MODULES, ROOT, definitions, place_of, tree_of

EMPTY_WORDS = {
    "manager", "mgr", "helper", "helpers", "util", "utils", "common", "base", "core", "misc",
    "service", "processor", "engine", "stuff", "cfg", "msg", "ctx", "fp",
}  # fmt: skip

SQL = re.compile(r"\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b")


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_first_what_it_holds(module: Path) -> None:
    text = module.read_text()
    assert not text.strip() or ast.get_docstring(tree_of(module))


def test_names_say_something() -> None:
    empty = [
        place_of(module, node)
        for module in MODULES
        for node in definitions(module)
        if (words(node.name) & EMPTY_WORDS or node.name in ("process", "handle"))
        and node.name != "create_engine"  # SQLAlchemy's own word
    ]
    empty += [str(module) for module in MODULES if words(module.stem) & EMPTY_WORDS]
    assert not empty


def test_there_is_one_way_to_log() -> None:
    """What goes around `get_logger` puts its data where no line shows it, and its secrets in."""
    around = [
        f"{module.relative_to(ROOT)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call | ast.ImportFrom)
        and "getLogger" in ast.unparse(node)
        and module != ROOT / "gateway" / "logs.py"
    ]
    assert not around, "`_logger = get_logger(__name__)`, of gateway/logs.py"


def test_no_sql_is_put_together_from_texts() -> None:
    found = []
    for module in MODULES:
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.JoinedStr):
                literal = "".join(
                    part.value
                    for part in node.values
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
                if SQL.search(literal):
                    found.append(f"{module.relative_to(ROOT)}:{node.lineno}")
    assert not found


def test_no_statement_takes_a_parameter_for_each_of_many_values() -> None:
    """A statement holds 32,767: what is asked of many rows is asked with one array."""
    assert not [str(module) for module in MODULES if ".in_(" in module.read_text()]


def test_nothing_but_a_step_writes_a_tickets_status_or_state() -> None:
    """Every other way would go around the workflow: all end in `tickets/change.py`."""
    found = []
    for module in MODULES:
        if module.parent.name in ("tickets", "changes"):
            continue
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("replace"):
                names = {keyword.arg for keyword in node.keywords}
                if names & {"status", "state"}:
                    found.append(f"{module.relative_to(ROOT)}:{node.lineno}")
    assert not found
