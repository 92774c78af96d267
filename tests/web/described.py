"""Holds answers against the API's description."""

import re
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tests.web.openapi import FILE

Json = dict[str, Any]


class Described:
    """The checked-in description, and what it says of one answer."""

    def __init__(self) -> None:
        self.document: Json = yaml.load(FILE.read_text(), yaml.CSafeLoader)
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operations)
            for path, operations in self.document["paths"].items()
        ]

    def resolved(self, value: Json) -> Json:
        """What *value* refers to, or itself."""
        while "$ref" in value:
            found: Json = self.document
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            value = found
        return value

    def mistakes(self, value: object, schema: Json) -> list[str]:
        """What is wrong with *value*."""
        whole = {**schema, "components": self.document["components"]}
        return [error.message for error in Draft202012Validator(whole).iter_errors(value)]

    def check(self, method: str, path: str, status: int, media: str, body: object) -> None:
        """Fails unless the description has such an answer. *body* is decoded JSON."""
        place = path.rstrip("/")  # a slash at the end changes nothing
        operations = [found for pattern, found in self._paths if pattern.fullmatch(place)]
        if not operations or method.lower() not in operations[0]:
            assert status in (404, 405)
            return
        responses = operations[0][method.lower()]["responses"]
        response = self.resolved(responses.get(str(status), responses.get("default")))
        content = response.get("content", {})
        if not content:
            assert not body
            return
        assert not self.mistakes(body, content[media]["schema"]), (method, path, status)


DESCRIBED = Described()
