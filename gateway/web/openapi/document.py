"""The OpenAPI document of a table of endpoints."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import msgspec
from aiohttp import hdrs

from gateway.access.permission import Permission
from gateway.web.http.endpoint import AnyEndpoint, Body, Parameter, Refusal
from gateway.web.http.paging import PageForm
from gateway.web.openapi.parameters import KEY
from gateway.web.openapi.preface import PREFACE, SECURITY_SCHEMES
from gateway.web.openapi.refusals import BAD_REQUEST, KEY_REUSED, NOT_FOUND, OTHER
from gateway.web.openapi.schemas import Schema, Schemas, unwrapped

_AS_GET: dict[int | str, Schema] = {"default": {"description": "As for GET"}}
_LIST_PARAMETERS = {"limit": "Limit", "cursor": "Cursor"}


def document(table: Iterable[AnyEndpoint], examples: Mapping[object, object]) -> Schema:
    """OpenAPI 3.1, of values that JSON and YAML know. *examples* are bodies by
    their types, and texts by the names of the operations that answer them.
    """
    written = _Document(examples)
    paths: dict[str, Schema] = {}
    for endpoint in table:
        operation = written.operation(endpoint)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {**PREFACE, "paths": paths, "components": written.components()}


class _Document:
    """Writes operations; what several of them share it keeps as components."""

    def __init__(self, examples: Mapping[object, object]) -> None:
        self._examples = examples
        self._schemas = Schemas()
        self._shared: dict[str, dict[str, Schema]] = {}

    def components(self) -> Schema:
        """Everything that was referred to."""
        shared = {section: dict(sorted(found.items())) for section, found in self._shared.items()}
        schemas = dict(sorted(self._schemas.components.items()))
        return {"securitySchemes": SECURITY_SCHEMES, **shared, "schemas": schemas}

    def operation(self, endpoint: AnyEndpoint) -> Schema:
        """One method of one path."""
        summary, _, description = unwrapped(endpoint.does.__doc__ or "").partition("\n\n")
        written: Schema = {
            "operationId": endpoint.name,
            "tags": list(endpoint.tags),
            "summary": summary.removesuffix("."),
        }
        if description:
            written["description"] = description
        written["x-permission"] = str(endpoint.permission)
        if endpoint.permission is Permission.PROBE:
            written["security"] = []
        if parameters := [*self._asked(endpoint), *self._query(endpoint)]:
            written["parameters"] = parameters
        if body := self._body(endpoint):
            written["requestBody"] = body
        written["responses"] = {str(key): one for key, one in self._responses(endpoint).items()}
        return written

    def _asked(self, endpoint: AnyEndpoint) -> list[Schema]:
        return [
            self._keep("parameters", one.component, self._parameter(one)) for one in endpoint.asks
        ]

    def _parameter(self, one: Parameter) -> Schema:
        schema = self._schemas.of(one.kind)
        return _parameter(one.name, one.place, schema, required=one.place == "path")

    def _query(self, endpoint: AnyEndpoint) -> list[Schema]:
        if endpoint.takes_body:
            return []
        found = []
        for name, schema in self._schemas.fields(endpoint.form).items():
            parameter = _parameter(name, "query", _without_null(schema), required=False)
            if issubclass(endpoint.form, PageForm) and name in _LIST_PARAMETERS:
                parameter = self._keep("parameters", _LIST_PARAMETERS[name], parameter)
            found.append(parameter)
        return found

    def _body(self, endpoint: AnyEndpoint) -> Schema | None:
        if endpoint.body is not None:
            return self._sent(endpoint.body)
        if not endpoint.takes_body:
            return None
        return {"required": True, **self._content("application/json", (endpoint.form,))}

    def _sent(self, body: Body) -> Schema:
        written: Schema = {"required": True, **self._content("application/json", body.kinds)}
        if not body.component:
            return written
        return self._keep("requestBodies", body.component, {"description": body.says, **written})

    def _responses(self, endpoint: AnyEndpoint) -> dict[int | str, Schema]:
        found: dict[int | str, Schema] = {
            status: self._success(endpoint, says) for status, says in endpoint.says.items()
        }
        if endpoint.method == hdrs.METH_HEAD:
            return found | _AS_GET if endpoint.permission is not Permission.PROBE else found
        refuses = {**_by_shape(endpoint), **endpoint.refuses}
        found |= {status: self._refusal(one) for status, one in sorted(refuses.items())}
        if endpoint.permission is not Permission.PROBE:
            found["default"] = self._refusal(endpoint.otherwise or OTHER)
        return found

    def _success(self, endpoint: AnyEndpoint, says: str) -> Schema:
        headers = self._headers(endpoint.gives)
        if endpoint.answer is type(None):
            return {"description": says, **headers}
        if endpoint.answer is str:
            return {"description": says, **headers, **self._text(endpoint)}
        return {"description": says, **headers, **self._content(endpoint.media, (endpoint.answer,))}

    def _text(self, endpoint: AnyEndpoint) -> Schema:
        example = self._examples[endpoint.name]
        return {"content": {endpoint.media: {"schema": {"type": "string"}, "example": example}}}

    def _refusal(self, one: Refusal) -> Schema:
        content = self._content(one.media, one.kinds)
        written = {"description": one.says, **self._headers(one.gives), **content}
        return self._keep("responses", one.component, written)

    def _headers(self, given: Sequence[Parameter]) -> Schema:
        found = {}
        for one in given:
            schema = dict(self._schemas.of(one.kind))
            says = schema.pop("description")
            header = {"description": says, "required": True, "schema": schema}
            found[one.name] = self._keep("headers", one.component, header)
        return {"headers": found} if found else {}

    def _content(self, media: str, kinds: Sequence[object]) -> Schema:
        examples = {}
        for kind in kinds:
            reference = self._schemas.of(kind).get("$ref", "")
            if name := reference.rpartition("/")[2]:
                examples[name] = self._keep("examples", name, {"value": self._example(kind)})
        written: Schema = {"schema": self._schemas.one_of(kinds)}
        if not examples:
            return {"content": {media: {**written, "example": self._example(kinds[0])}}}
        return {"content": {media: {**written, "examples": examples}}}

    def _example(self, kind: Any) -> object:
        if kind in self._examples:
            return msgspec.to_builtins(self._examples[kind], str_keys=True)
        (item,) = get_args(kind)
        return {"items": [self._example(item)], "next": None}

    def _keep(self, section: str, name: str, written: Schema) -> Schema:
        kept = self._shared.setdefault(section, {}).setdefault(name, written)
        if kept != written:
            raise ValueError(f"two different {section} are called {name}")
        return {"$ref": f"#/components/{section}/{name}"}


def _by_shape(endpoint: AnyEndpoint) -> dict[int, Refusal]:
    """What every endpoint refuses that takes something, or names something in its path."""
    found = {}
    if msgspec.structs.fields(endpoint.form):
        found[400] = BAD_REQUEST
    if any(one.place == "path" for one in endpoint.asks):
        found[404] = NOT_FOUND
    if KEY in endpoint.asks:
        found[422] = KEY_REUSED
    return found


def _parameter(name: str, place: str, schema: Schema, *, required: bool) -> Schema:
    schema = dict(schema)
    written: Schema = {"name": name, "in": place, "required": required}
    if "description" in schema:
        written["description"] = schema.pop("description")
    return {**written, "schema": schema}


def _without_null(schema: Schema) -> Schema:
    """A query holds no null: what may be absent is simply not given."""
    if schema.get("default", "") is None:
        schema = {key: value for key, value in schema.items() if key != "default"}
    options = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(options) != 1:
        return schema
    return {**{key: value for key, value in schema.items() if key != "anyOf"}, **options[0]}
