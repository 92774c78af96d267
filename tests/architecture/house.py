"""The house as its own tests see it: packages, modules, and what is defined in them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "gateway").rglob("*.py")) + sorted((ROOT / "matchers").rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@cache
def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text())


def definitions(module: Path) -> Iterator[Definition]:
    """All of them, also those inside of others."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, Definition):
            yield node


def dotted(path: Path) -> str:
    """A package's or module's name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def place_of(module: Path, node: Definition) -> str:
    return f"{module.relative_to(ROOT)}:{node.lineno} {node.name}"


def is_protocol(node: ast.ClassDef) -> bool:
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in bases)


def public_names(module: Path) -> Iterator[str]:
    """Its classes, and the types that it gives a name, which others may import."""
    for node in tree_of(module).body:
        if isinstance(node, ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.Assign) and _names_type(node):
            name = ast.unparse(node.targets[0])
        else:
            continue
        if not name.startswith("_"):
            yield name


def _names_type(node: ast.Assign) -> bool:
    """`Mistake = tuple[…]`: no constant, and no TypeVar, which each module has for itself."""
    name = ast.unparse(node.targets[0])
    type_like = isinstance(node.value, ast.Subscript | ast.BinOp | ast.Name | ast.Attribute)
    return type_like and name.isidentifier() and name[0].isupper() and not name.isupper()
