"""`/api/v1/projects`, `/catalog` and `/fields`: what is declared, for whoever writes tickets."""

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.declarations.catalog import CatalogItem
from gateway.declarations.view import DeclarationReader
from gateway.web.api.declared_views import (
    ShownField,
    ShownItem,
    ShownProject,
    show_field,
    show_item,
    show_project,
)
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.views.page import Page


class DeclaredHandlers:
    """Reads of what is declared."""

    def __init__(self, read: DeclarationReader) -> None:
        self._read = read

    async def projects(self, call: WebCall[Nothing]) -> Answer[Page[ShownProject]]:
        """All projects."""
        book = await self._read.book(call.tenant)
        return json_answer(Page(items=[*map(show_project, book.projects.values())], next=None))

    async def catalog(self, call: WebCall[Nothing]) -> Answer[Page[ShownItem]]:
        """What can be asked for.

        Of those who may not read declarations, each sees the items that are for everybody and for
        their groups.
        """
        book = await self._read.book(call.tenant)
        found = [one for one in book.catalog.values() if _is_for(one, call.principal)]
        return json_answer(Page(items=[*map(show_item, found)], next=None))

    async def fields(self, call: WebCall[Nothing]) -> Answer[Page[ShownField]]:
        """All custom fields, withdrawn ones too."""
        book = await self._read.book(call.tenant)
        return json_answer(Page(items=[*map(show_field, book.fields.values())], next=None))


def _is_for(item: CatalogItem, principal: Principal) -> bool:
    sees_all = principal.may(Permission.DECLARATIONS_READ)
    return sees_all or not item.visible_to or not principal.groups.isdisjoint(item.visible_to)


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/projects", Permission.DECLARATIONS_READ, Nothing, Page[ShownProject],
        DeclaredHandlers.projects, "listProjects", ("settings",), {200: "All of them"},
    ),
    Endpoint(
        "GET", "/api/v1/catalog", Permission.TICKETS_READ, Nothing, Page[ShownItem],
        DeclaredHandlers.catalog, "listCatalog", ("settings",), {200: "All of them"},
    ),
    Endpoint(
        "GET", "/api/v1/fields", Permission.DECLARATIONS_READ, Nothing, Page[ShownField],
        DeclaredHandlers.fields, "listFields", ("settings",), {200: "All of them"},
    ),
)  # fmt: skip
