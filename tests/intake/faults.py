"""Faults between journal and ledger: any function there raises, once or whenever it works on one
record.

A function is wrapped wherever it is known by name, in its module and in those that import it.
"""

import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import msgspec
import pytest

from gateway.intake.ledger import DeadLetter

POISON = "Poison"
"""In the labels of the one record."""


class ArbitraryError(Exception):
    """Of no family that anybody knows."""


@dataclass(frozen=True)
class Place:
    """One function on the way."""

    owner: Any
    """Its module or class."""
    name: str

    def __str__(self) -> str:
        return f"{self.owner.__name__.rpartition('.')[2]}.{self.name}"


def places(modules: Iterable[ModuleType]) -> list[Place]:
    """Every function and method that *modules* define, in their order."""
    return [place for module in modules for place in _places_in(module)]


def _places_in(module: ModuleType) -> Iterator[Place]:
    for name, value in vars(module).items():
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if isinstance(value, FunctionType):
            yield Place(module, name)
        elif isinstance(value, type) and not getattr(value, "_is_protocol", False):
            for attribute, member in vars(value).items():
                if isinstance(member, FunctionType | property) and not attribute.startswith("__"):
                    yield Place(value, attribute)


@dataclass
class Fault:
    """Raises *error* at the first call; or at each that works on the poisonous record."""

    error: Callable[[str], Exception]
    always: bool
    raised: int = 0

    def strike(self, given: object) -> None:
        """Called instead of the function, before it."""
        if mentions(given) if self.always else not self.raised:
            self.raised += 1
            raise self.error("a fault of this test's")


@contextmanager
def faulty(place: Place, fault: Fault) -> Iterator[None]:
    """*fault* strikes at *place* inside the block."""
    original = vars(place.owner)[place.name]
    wrapped = _wrapped(original, fault)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place.owner, place.name, wrapped)
        if isinstance(place.owner, ModuleType):
            for module in [one for name, one in sys.modules.items() if _is_ours(name)]:
                for name, value in list(vars(module).items()):
                    if value is original:
                        patch.setattr(module, name, wrapped)
        yield


def _is_ours(module: str) -> bool:
    return module.startswith(("gateway.", "tests.intake."))


def _wrapped(original: Any, fault: Fault) -> Any:
    if isinstance(original, property):
        assert original.fget is not None
        return property(_wrapped(original.fget, fault))
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def later(*args: Any, **kwargs: Any) -> Any:
            fault.strike((args, kwargs))
            return await original(*args, **kwargs)

        return later

    @functools.wraps(original)
    def now(*args: Any, **kwargs: Any) -> Any:
        fault.strike((args, kwargs))
        return original(*args, **kwargs)

    return now


def mentions(value: object, depth: int = 8) -> bool:
    """Is the poisonous record, or what became of it, in *value*? Its dead letter does not count."""
    match value:
        case bytes() | str():
            return (POISON.encode() if isinstance(value, bytes) else POISON) in value
        case DeadLetter() | None | int() | float():
            return False
        case _ if not depth:
            return False
        case Mapping():
            return any(mentions(one, depth - 1) for pair in value.items() for one in pair)
        case list() | tuple() | set() | frozenset():
            return any(mentions(one, depth - 1) for one in value)
        case msgspec.Struct():
            names: Iterable[str] = value.__struct_fields__
        case _ if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
        case _:
            return False
    if type(value).__module__ == "gateway.intake.pipeline":
        return False  # it knows everybody
    return any(mentions(getattr(value, name, None), depth - 1) for name in names)
