"""Types as JSON schemas: named objects once, under `components`, and references to them."""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/"
_PAGE = re.compile(r"Page_(\w+)_")
_WRAPPED = re.compile(r"(?<!\n)\n(?!\n)")


def unwrapped(text: str) -> str:
    """A docstring's paragraphs, each on a line of its own."""
    return _WRAPPED.sub(" ", inspect.cleandoc(text))


class Schemas:
    """Gives schemas of types, and keeps those that have names."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def of(self, kind: object) -> Schema:
        """A reference, or the schema itself of what has no name."""
        (schema,), found = msgspec.json.schema_components((kind,), ref_template="{name}")
        for name, component in found.items():
            self.components.setdefault(_name(name), _component(component))
        return cast(Schema, _referring(schema))

    def one_of(self, kinds: Sequence[object]) -> Schema:
        """Any of *kinds*."""
        found = [self.of(kind) for kind in kinds]
        return found[0] if len(found) == 1 else {"anyOf": found}

    def fields(self, form: type[msgspec.Struct]) -> Mapping[str, Schema]:
        """The fields of *form*, which itself needs no name."""
        (_,), found = msgspec.json.schema_components((form,), ref_template="{name}")
        fields = found.pop(form.__name__)["properties"]
        for name, component in found.items():
            self.components.setdefault(_name(name), _component(component))
        return cast(Mapping[str, Schema], _referring(fields))


def _name(name: str) -> str:
    """`Page_ShownTicket_` is a TicketPage: what is shown has the name of what it shows."""
    page = _PAGE.fullmatch(name)
    return f"{_name(page[1])}Page" if page else name.removeprefix("Shown")


def _component(schema: Schema) -> Schema:
    found = {key: value for key, value in schema.items() if key != "title" and value != []}
    if "enum" in found:
        found["type"] = "string"
    return cast(Schema, _referring(found))


def _referring(value: object) -> object:
    if isinstance(value, list):
        return [_referring(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _referring(inner) for key, inner in value.items()}
    if "$ref" in found:
        found["$ref"] = _REFERENCE + _name(str(found["$ref"]))
    if isinstance(says := found.get("description"), str):
        found["description"] = unwrapped(says)
    return (
        {**found, "items": {}} if value.get("type") == "array" and "items" not in value else found
    )
