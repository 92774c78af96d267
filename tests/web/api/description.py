"""openapi.yaml as a judge: does this request, and this answer, look as it says?"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import orjson
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]
DOCUMENT: Json = yaml.safe_load(files("gateway.web").joinpath("openapi.yaml").read_bytes())
METHODS = {"get", "put", "post", "patch", "delete", "head"}

formats = FormatChecker(["uuid"])


@formats.checks("date-time", raises=ValueError)
def is_utc(text: object) -> bool:
    """What this API gives as a time: RFC 3339 in UTC, written with Z."""
    if not isinstance(text, str):
        return True
    return text.endswith("Z") and datetime.fromisoformat(text).tzinfo is UTC


@formats.checks("request-date-time", raises=ValueError)
def is_time(text: object) -> bool:
    """What this API takes as a time: any zone, but one."""
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


def pointer(*steps: str) -> str:
    """RFC 6901."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def looked_up(document: Json, reference: str) -> Any:
    """What `#/…` names."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def resolved(document: Json, node: Json) -> Json:
    """A parameter, header, body or response, which may stand elsewhere."""
    return looked_up(document, node["$ref"]) if "$ref" in node else node


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """(method, path, operation) of everything described."""
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield method.upper(), path, item[method]


class Closed:
    """A copy of the document in which answers hold nothing that it does not describe.

    Clients are told to ignore what they do not know; the tests are not. Schemas named `…Fields` are
    parts that others are put together from.
    """

    def __init__(self, document: Json) -> None:
        self.document = deepcopy(document)
        self._seen: set[int] = set()
        for _, _, operation in operations(self.document):
            for response in operation["responses"].values():
                content = resolved(self.document, response).get("content", {})
                for kind in content.values():
                    self._close(kind["schema"], part=False)

    def _close(self, schema: Any, *, part: bool) -> None:
        if not isinstance(schema, dict) or id(schema) in self._seen:
            return
        self._seen.add(id(schema))
        if reference := schema.get("$ref"):
            is_part = reference.endswith("Fields")
            self._close(looked_up(self.document, reference), part=is_part)
        for inner in schema.get("allOf", ()):
            self._close(inner, part=True)
        for inner in (*schema.get("anyOf", ()), *schema.get("properties", {}).values()):
            self._close(inner, part=False)
        self._close(schema.get("items"), part=False)
        describes = "properties" in schema or "allOf" in schema
        if describes and not part and "additionalProperties" not in schema:
            schema["unevaluatedProperties"] = False


class Description:
    """Judges requests and answers; every assertion names the operation."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.closed = Closed(document).document
        self._described = {(m, path): operation for m, path, operation in operations(document)}
        self._requests = _registry(_with_request_times(document))
        self._answers = _registry(self.closed)
        self._validators: dict[str, Draft202012Validator] = {}

    def template_of(self, method: str, path: str) -> str | None:
        """The described path that a request for *path* is for; literal ones come first."""
        path = path.partition("?")[0].rstrip("/")
        found = [
            template
            for described, template in self._described
            if described == method and _pattern_of(template).fullmatch(path)
        ]
        return min(found, key=lambda template: template.count("{"), default=None)

    def check_request(self, method: str, path: str, body: bytes) -> None:
        """For a request that was answered 2xx."""
        template = self.template_of(method, path)
        assert template is not None, f"{method} {path} was answered, and is not described"
        operation = self._described[method, template]
        if not body:
            assert not operation.get("requestBody", {}).get("required"), (method, template)
            return
        place = pointer("paths", template, method.lower(), "requestBody")
        node = operation["requestBody"]
        if "$ref" in node:
            place, node = node["$ref"][1:], looked_up(self.document, node["$ref"])
        assert node["content"].keys() == {"application/json"}
        schema = f"{place}{pointer('content', 'application/json', 'schema')}"
        self._validate(self._requests, "request", schema, orjson.loads(body))

    def check_answer(
        self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Status, headers, content type and content are described; nothing else is there."""
        template = self.template_of(method, path)
        if template is None:
            assert status >= 400, f"{method} {path} was answered, and is not described"
            return
        operation = self._described[method, template]
        name = str(status) if str(status) in operation["responses"] else "default"
        assert name in operation["responses"], f"{method} {template}: {status} is not described"
        place = pointer("paths", template, method.lower(), "responses", name)
        node = operation["responses"][name]
        if "$ref" in node:
            place, node = node["$ref"][1:], looked_up(self.document, node["$ref"])
        self._check_headers(node, headers)
        content = node.get("content", {})
        if not content or method == "HEAD":
            assert body == b"", (method, template, status, body)
            return
        kind = headers["Content-Type"].partition(";")[0]
        assert kind in content, f"{method} {template} {status}: {kind} is not described"
        value = orjson.loads(body) if kind.endswith("json") else body.decode()
        schema = f"{place}{pointer('content', kind, 'schema')}"
        self._validate(self._answers, "answer", schema, value)

    def _check_headers(self, node: Json, headers: Mapping[str, str]) -> None:
        for name, reference in node.get("headers", {}).items():
            header = resolved(self.document, reference)
            assert name in headers, f"{name} is missing"
            value: object = headers[name]
            if header["schema"]["type"] == "integer":
                value = int(headers[name])
            Draft202012Validator(header["schema"]).validate(value)

    def _validate(self, registry: Registry[Any], side: str, place: str, value: object) -> None:
        key = f"{side} {place}"
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(
                {"$ref": f"urn:api#{place}"}, registry=registry, format_checker=formats
            )
        problems = [
            f"{error.json_path}: {error.message[:500]}"
            for error in self._validators[key].iter_errors(value)
        ]
        assert not problems, (key, problems)


def _pattern_of(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))


def _with_request_times(document: Json) -> Json:
    text = orjson.dumps(document).replace(b'"date-time"', b'"request-date-time"')
    changed: Json = orjson.loads(text)
    return changed


def _registry(document: Json) -> Registry[Any]:
    resource = DRAFT202012.create_resource(document)
    return Registry().with_resource("urn:api", resource)


DESCRIPTION = Description(DOCUMENT)
