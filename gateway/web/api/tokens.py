"""`/api/v1/tokens`: what callers present. Everybody has their own; administrators see all."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, NamedTuple

from msgspec import Meta

from gateway.access.permission import Permission
from gateway.changes.perform import Perform
from gateway.desk.token import CreateToken, RevokeToken
from gateway.people.meant import ME
from gateway.people.view import TokenReader
from gateway.web.http.answers import Answer, json_answer
from gateway.web.http.endpoint import Endpoint, Nothing, WebCall
from gateway.web.http.forms import Form, bad_field, in_utc
from gateway.web.http.paging import PageForm, part_of
from gateway.web.openapi.parameters import ACTOR, KEY, TOKEN
from gateway.web.openapi.refusals import OWN_TOKENS_ONLY, PEOPLE_CONFLICT
from gateway.web.views.page import Page
from gateway.web.views.people import MadeToken, ShownToken, show_made, show_token
from gateway.web.views.words import Time, about


class TokensCursor(NamedTuple):
    """The last token shown."""

    created_at: datetime
    id: str


class TokenOrder(Form, frozen=True):
    """A token of a user, or of a role alone: one of both."""

    name: Annotated[str, Meta(min_length=1, max_length=200), about("What it is for.")]
    user: Annotated[
        str, Meta(max_length=64), about("`me`, a user's id or `@handle`; it has what they have.")
    ] = ""
    role: Annotated[
        str, about("Of a token of nobody: sender, requester, auditor, operator or admin.")
    ] = ""
    source: Annotated[str, about("A sender's: for that source alone.")] = ""
    expires_at: Annotated[Time | None, about("It holds until it is revoked if not given.")] = None


class TokenHandlers:
    """Everybody and tokens. *sources*: names of those that are configured."""

    def __init__(self, reader: TokenReader, perform: Perform, sources: Collection[str]) -> None:
        self._reader = reader
        self._perform = perform
        self._sources = sources

    async def list(self, call: WebCall[PageForm]) -> Answer[Page[ShownToken]]:
        """Tokens, latest first: one's own; to administrators all.

        Also those that hold no longer. Nobody is shown a secret.
        """
        part, one = part_of(call, TokensCursor), call.principal
        user = None if one.may(Permission.PEOPLE_READ) else one.user
        after = part.after and (part.after.created_at, part.after.id)
        found = await self._reader.page(call.tenant, user, after, part.fetch)
        return json_answer(
            part.page(found, lambda token: TokensCursor(token.created_at, token.id), show_token)
        )

    async def create(self, call: WebCall[TokenOrder]) -> Answer[MadeToken]:
        """Make a token: for oneself, or as an administrator for anybody.

        Its text is in this answer and is never shown again.
        """
        form, user = call.form, call.form.user
        if form.source and form.source not in self._sources:
            known = ", ".join(sorted(self._sources))
            raise bad_field("/source", f"is not configured; there are {known}")
        if user == ME:
            user = call.principal.user
            if not user:
                raise bad_field("/user", "who asks is no user: name one, or give a role")
        command = CreateToken(
            name=form.name,
            user=user,
            role=form.role,
            source=form.source,
            expires_at=form.expires_at and in_utc(form.expires_at, "/expires_at"),
        )
        made = await self._perform(command, call.principal, call.key)
        return json_answer(show_made(made), status=201)

    async def revoke(self, call: WebCall[Nothing]) -> Answer[ShownToken]:
        """Revoke a token: one's own, or as an administrator anybody's.

        It is refused at once; a sender's within five seconds. Doing it again is fine.
        """
        command = RevokeToken(token_id=call.part("token"))
        return json_answer(show_token(await self._perform(command, call.principal, call.key)))


ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/tokens", Permission.OWN_TOKENS, PageForm, Page[ShownToken],
        TokenHandlers.list, "listTokens", ("people",), {200: "One page"},
    ),
    Endpoint(
        "POST", "/api/v1/tokens", CreateToken.permission, TokenOrder, MadeToken,
        TokenHandlers.create, "createToken", ("people",), {201: "Made"}, asks=(ACTOR, KEY),
        refuses={403: OWN_TOKENS_ONLY, 409: PEOPLE_CONFLICT},
    ),
    Endpoint(
        "DELETE", "/api/v1/tokens/{token}", RevokeToken.permission, Nothing, ShownToken,
        TokenHandlers.revoke, "revokeToken", ("people",), {200: "The token as it is now"},
        asks=(TOKEN, ACTOR, KEY),
    ),
)  # fmt: skip
