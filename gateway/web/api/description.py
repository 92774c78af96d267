"""The API's own description: `openapi.yaml` beside this module, served as it is."""

from collections.abc import Sequence
from importlib.resources import files

from aiohttp import web

from gateway.web.http.paging import query_parameters


class DescriptionHandlers:
    """`/api/v1/openapi.yaml`, for whoever may use the API."""

    def __init__(self) -> None:
        self._text = files("gateway.web.api").joinpath("openapi.yaml").read_bytes()

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.get("/api/v1/openapi.yaml", self.openapi, allow_head=False)]

    async def openapi(self, request: web.Request) -> web.Response:
        """OpenAPI 3.1, in YAML."""
        query_parameters(request, ())
        return web.Response(body=self._text, content_type="application/yaml")
