"""Whom a comment mentions: users whom it names by handle, and who can see it.

Everybody else is plain text. Who wrote it hears which handles reached nobody, and not why: so a
mention tells nothing of who there is.
"""

import msgspec

from gateway.access.permission import Permission
from gateway.access.principal import Principal
from gateway.comments.comment import Comment, Visibility, mentions_in
from gateway.people.roster import Roster
from gateway.tickets.ticket import Ticket
from gateway.tickets.visibility import sees


def names_of(body: str) -> tuple[str, ...]:
    """As they are looked up."""
    return tuple(f"@{handle}" for handle in mentions_in(body))


def reaching(comment: Comment, ticket: Ticket, by: Principal, roster: Roster) -> Comment:
    """The comment with the ids of those whom it mentions. *by* knows which projects are closed."""
    named = [roster.find(name) for name in names_of(comment.body)]
    reached = tuple(
        one.user.id
        for one in named
        if one is not None
        and one.user.enabled
        and can_read(one.principal(by.tenant, by.closed), ticket, comment.visibility)
    )
    return msgspec.structs.replace(comment, mentions=reached)


def can_read(principal: Principal, ticket: Ticket, visibility: Visibility) -> bool:
    """Does somebody see a comment of that visibility on the ticket?"""
    wanted = [Permission.COMMENTS_READ]
    if visibility is Visibility.INTERNAL:
        wanted.append(Permission.COMMENTS_INTERNAL)
    may = all(principal.may(permission, ticket.project) for permission in wanted)
    return may and sees(principal, ticket)


def with_unreached(comment: Comment, roster: Roster) -> Comment:
    """For its author: with the handles that it names in vain."""
    reached = {
        person.user.handle for key in comment.mentions if (person := roster.find(key)) is not None
    }
    unreached = tuple(one for one in mentions_in(comment.body) if one not in reached)
    return msgspec.structs.replace(comment, unreached=unreached)
