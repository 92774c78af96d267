"""The house's own conventions, as programs: sizes, and words that say nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "gateway").rglob("*.py")) + sorted((ROOT / "matchers").rglob("*.py"))
EMPTY_WORDS = {
    "manager", "mgr", "helper", "helpers", "util", "utils", "common", "base", "core", "misc",
    "service", "processor", "engine", "stuff", "cfg", "msg", "ctx", "fp",
}  # fmt: skip

SQL = re.compile(r"\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(module: Path) -> Iterator[Definition]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, Definition):
            yield node


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_at_most_400_lines_and_says_first_what_it_holds(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= 400
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_a_function_is_at_most_50_lines() -> None:
    long = [
        f"{module.relative_to(ROOT)}:{node.lineno} {node.name}"
        for module in MODULES
        for node in definitions(module)
        if not isinstance(node, ast.ClassDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno > 50
        and not _declares_only(node)
    ]
    assert not long


def _declares_only(node: Definition) -> bool:
    """A straight list of declarations (metrics, the composition root) is as long as it must be."""
    return node.name.startswith(("_declare", "_open_parts"))


def test_names_say_something() -> None:
    empty = [
        f"{module.relative_to(ROOT)}:{node.lineno} {node.name}"
        for module in MODULES
        for node in definitions(module)
        if (words(node.name) & EMPTY_WORDS or node.name in ("process", "handle"))
        and node.name != "create_engine"  # SQLAlchemy's own word
    ]
    empty += [str(module) for module in MODULES if words(module.stem) & EMPTY_WORDS]
    assert not empty


def test_no_sql_is_put_together_from_texts() -> None:
    found = []
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.JoinedStr):
                literal = "".join(
                    part.value
                    for part in node.values
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
                if re.search(
                    r"\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", literal
                ):
                    found.append(f"{module.relative_to(ROOT)}:{node.lineno}")
    assert not found


def test_no_statement_takes_a_parameter_for_each_of_many_values() -> None:
    """A statement holds 32,767: what is asked of many rows is asked with one array."""
    assert not [str(module) for module in MODULES if ".in_(" in module.read_text()]
