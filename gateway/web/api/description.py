"""The API's own description: `openapi.yaml` beside this module, served as it is."""

from importlib.resources import files

from gateway.access.permission import Permission
from gateway.web.http.answers import Answer, text_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall

MEDIA = "application/yaml"


class DescriptionHandlers:
    """`/api/v1/openapi.yaml`, for whoever may use the API."""

    def __init__(self) -> None:
        self._text = files("gateway.web.api").joinpath("openapi.yaml").read_bytes()

    async def openapi(self, call: WebCall[Nothing]) -> Answer[str]:
        """This description."""
        return text_answer(self._text, MEDIA)


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/openapi.yaml", Permission.DESCRIPTION_READ, Nothing, str,
        DescriptionHandlers.openapi, "getDescription", ("operations",), {200: "OpenAPI 3.1"},
        media=MEDIA,
    ),
)  # fmt: skip
