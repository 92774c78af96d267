"""The house's sizes: packages, modules, functions and Protocols that can be read at once."""

import ast
from collections import Counter, defaultdict
from collections.abc import Mapping

import pytest

from tests.architecture.house import (
    MODULES,
    ROOT,
    Function,
    definitions,
    dotted,
    is_protocol,
    public_names,
)
from tests.architecture.limits import (
    EQUAL_FILES,
    EXCEPTIONS,
    FUNCTION,
    MODULE,
    NAME,
    PACKAGE,
    PROTOCOL,
    Limit,
)


def assert_within(limit: Limit, measured: Mapping[str, int]) -> None:
    problems = limit.problems(measured)
    assert not problems, "\n" + "\n".join(problems)


def test_a_package_holds_at_most_15_modules() -> None:
    modules = Counter(dotted(path.parent) for path in MODULES if path.stem != "__init__")
    assert_within(PACKAGE, {name: n for name, n in modules.items() if name not in EQUAL_FILES})


def test_a_module_is_at_most_400_lines() -> None:
    assert_within(MODULE, {dotted(path): len(path.read_text().splitlines()) for path in MODULES})


def test_a_function_is_at_most_50_lines() -> None:
    lines: Counter[str] = Counter()
    for module in MODULES:
        for node in definitions(module):
            if isinstance(node, Function) and node.end_lineno is not None:
                name = f"{dotted(module)}.{node.name}"
                lines[name] = max(lines[name], node.end_lineno - node.lineno + 1)
    assert_within(FUNCTION, lines)


def test_a_protocol_has_at_most_7_methods() -> None:
    methods = {}
    for module in MODULES:
        for node in definitions(module):
            if isinstance(node, ast.ClassDef) and is_protocol(node):
                own = [part for part in node.body if isinstance(part, Function)]
                methods[f"{dotted(module)}.{node.name}"] = len(own)
    assert methods
    assert_within(PROTOCOL, methods)


def test_a_public_name_means_one_thing() -> None:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        if module.is_relative_to(ROOT / "matchers"):
            continue  # a library of its own, with words of its own
        for name in public_names(module):
            homes[name].append(dotted(module))
    problems = NAME.problems({name: len(modules) for name, modules in homes.items()})
    blamed = {name: homes[name] for name in homes if any(f"{name}:" in one for one in problems)}
    assert not problems, "\n" + "\n".join([*problems, *map(str, blamed.items())])


def test_every_exception_is_from_a_limit_that_there_is() -> None:
    units = {limit.unit for limit in (PACKAGE, MODULE, FUNCTION, PROTOCOL, NAME)}
    assert {key.partition(": ")[0] for key in EXCEPTIONS} <= units


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ({"old": 8, "new": 6}, ["new: 6 lines, 5 at most. Shorten it"]),
        ({"old": 9, "new": 5}, ["old: 9 lines, 8 at most. Shorten it"]),
        ({"old": 7}, ["old: 7 lines by now. Write 7 into EXCEPTIONS"]),
        ({"old": 5}, ["old: 5 lines by now. Take it out of EXCEPTIONS"]),
        ({"new": 5}, ["lines: old: is no more. Take it out of EXCEPTIONS"]),
        ({"old": 8}, []),
    ],
)
def test_an_exception_may_only_shrink(measured: dict[str, int], said: list[str]) -> None:
    limit = Limit(5, "lines", "Shorten it")
    assert limit.problems(measured, {"lines: old": 8, "methods: other": 9}) == said
