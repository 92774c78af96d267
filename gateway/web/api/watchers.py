"""`/api/v1/tickets/{id}/watchers`: who hears of a ticket besides those who must."""

import re

from gateway.access.permission import Permission
from gateway.changes.perform import Perform
from gateway.desk.watch import Unwatch, Watch
from gateway.errors import NotFound
from gateway.links.view import LinkReader
from gateway.web.api.ticket_parts import ticket_id_in
from gateway.web.http.answers import Answer, empty_answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.openapi.parameters import ACTOR, KEY, TICKET, WATCHER
from gateway.web.openapi.refusals import TOO_MANY
from gateway.web.views.links import ShownWatcher
from gateway.web.views.page import Page

_ME = "me"
_USER = re.compile(r"u_[0-9a-f]{26}")


class WatcherHandlers:
    """People who watch."""

    def __init__(self, reader: LinkReader, perform: Perform) -> None:
        self._reader = reader
        self._perform = perform

    async def list(self, call: WebCall[Nothing]) -> Answer[Page[ShownWatcher]]:
        """Who watches the ticket: 500 at most. Requester and assignee hear of it anyhow."""
        found = await self._reader.watchers(call.principal, ticket_id_in(call))
        return json_answer(Page(items=[ShownWatcher(user=one) for one in found], next=None))

    async def watch(self, call: WebCall[Nothing]) -> Answer[None]:
        """Watch the ticket, or let another watch it. Doing it again is fine."""
        command = Watch(ticket_id=ticket_id_in(call), user=_user_in(call))
        await self._perform(command, call.principal, call.key)
        return empty_answer()

    async def unwatch(self, call: WebCall[Nothing]) -> Answer[None]:
        """Watch it no longer. Doing it again is fine."""
        command = Unwatch(ticket_id=ticket_id_in(call), user=_user_in(call))
        await self._perform(command, call.principal, call.key)
        return empty_answer()


def _user_in(call: WebCall[Nothing]) -> str:
    """Empty: who asks. What cannot be a user is simply not found."""
    text = call.part("user")
    if text == _ME:
        return ""
    if not _USER.fullmatch(text):
        raise NotFound(f"no user {text}")
    return text


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/tickets/{id}/watchers", Permission.TICKETS_READ, Nothing,
        Page[ShownWatcher], WatcherHandlers.list, "listWatchers", ("tickets",),
        {200: "All of them"}, asks=(TICKET,),
    ),
    Endpoint(
        "PUT", "/api/v1/tickets/{id}/watchers/{user}", Watch.permission, Nothing, type(None),
        WatcherHandlers.watch, "watchTicket", ("tickets",), {204: "They watch it"},
        asks=(TICKET, WATCHER, ACTOR, KEY), refuses={409: TOO_MANY},
    ),
    Endpoint(
        "DELETE", "/api/v1/tickets/{id}/watchers/{user}", Unwatch.permission, Nothing, type(None),
        WatcherHandlers.unwatch, "unwatchTicket", ("tickets",), {204: "They do not"},
        asks=(TICKET, WATCHER, ACTOR, KEY),
    ),
)  # fmt: skip
