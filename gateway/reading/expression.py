"""JMESPath expressions from a configuration, bounded so that none can hang or drown the gateway.

The language has no loops, no recursion and no I/O; what is left to bound is its size, and how often
an expression may repeat its own input (a multi-select inside a multi-select doubles, and doubles).
"""

import re
import warnings
from collections.abc import Iterator
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

MAX_BYTES = 2048
MAX_NODES = 200
MAX_NESTED_PROJECTIONS = 3
MAX_COPIES = 256
"""Product of the widths of all multi-selects: how many copies of its input can come out."""

_PROJECTIONS = frozenset({"projection", "filter_projection", "value_projection"})
_MULTI_SELECTS = frozenset({"multi_select_list", "multi_select_dict"})
_TAKE_EXPRESSIONS = frozenset({"map", "max_by", "min_by", "sort_by"})
_DATA_FAULTS = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

Node = dict[str, Any]


class ExpressionFailed(Exception):
    """The expression cannot be applied to this value."""


class Expression:
    """One compiled expression. Raises ValueError if it does not compile or is too large."""

    def __init__(self, text: str) -> None:
        self._text = text
        if len(text.encode()) > MAX_BYTES:
            raise ValueError(f"an expression is longer than {MAX_BYTES} bytes")
        if _SURROGATE.search(text):
            raise ValueError(f"write the character itself, not its surrogates: {text!r}")
        try:
            self._compiled = _compile(text)
        except JMESPathError as error:
            reason = str(error).partition("\n")[0].rstrip(":")  # what follows draws the place
            raise ValueError(f"not a JMESPath expression: {text!r}: {reason}") from error
        except RecursionError:
            raise ValueError(f"too deeply nested: {text[:64]!r}…") from None
        whole: Node = {"type": "whole", "children": [self._compiled.parsed]}
        _refuse_large(text, whole)

    def apply(self, value: object) -> Any:
        """The expression's result, None if it finds nothing; ExpressionFailed for wrong types."""
        try:
            return self._compiled.search(value)
        except RecursionError:
            raise ExpressionFailed(f"`{self._text}`: nested too deeply") from None
        except _DATA_FAULTS as error:
            raise ExpressionFailed(f"`{self._text}`: {error}") from error


def _compile(text: str) -> ParsedResult:
    with warnings.catch_warnings():  # of `word` for 'word', as many write it
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return jmespath.compile(text)


def _refuse_large(text: str, root: Node) -> None:
    copies = 1
    for count, (node, projections) in enumerate(_walk(root)):
        if node["type"] in _MULTI_SELECTS:
            copies *= len(node["children"])
        if count > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES} parts: {text!r}")
        if projections > MAX_NESTED_PROJECTIONS:
            raise ValueError(
                f"projections nested more than {MAX_NESTED_PROJECTIONS} deep: {text!r}"
            )
        if copies > MAX_COPIES:
            raise ValueError(f"copies its input more than {MAX_COPIES} times: {text!r}")
        _refuse_function(text, node)


def _walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Every node with the number of projections around it, itself included."""
    rest = [(root, 0)]
    while rest:
        node, projections = rest.pop()
        projections += node["type"] in _PROJECTIONS
        yield node, projections
        rest.extend((child, projections) for child in node["children"] if isinstance(child, dict))


def _refuse_function(text: str, node: Node) -> None:
    name = node["value"] if node["type"] == "function_expression" else ""
    children = [child for child in node["children"] if isinstance(child, dict)]
    if name and name not in Functions.FUNCTION_TABLE:
        raise ValueError(f"no such function `{name}`: {text!r}")
    if name == "join" and children and children[0]["type"] != "literal":
        raise ValueError(f"the separator of `join` must be a literal: {text!r}")
    if name not in _TAKE_EXPRESSIONS and any(child["type"] == "expref" for child in children):
        raise ValueError(f"`&` stands only in {', '.join(sorted(_TAKE_EXPRESSIONS))}: {text!r}")
