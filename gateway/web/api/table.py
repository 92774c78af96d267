"""The endpoint table: everything that a process of all roles serves."""

from collections.abc import Sequence

from gateway.web.api import (
    alerts,
    audit,
    comments,
    dead_letters,
    declared,
    description,
    explain,
    groups,
    intake,
    links,
    members,
    operations,
    references,
    settings,
    silences,
    ticket_parts,
    tickets,
    tokens,
    users,
    watchers,
    workflows,
)
from gateway.web.http.endpoint import AnyEndpoint

TABLE: Sequence[AnyEndpoint] = (
    *tickets.ENDPOINTS,
    *ticket_parts.ENDPOINTS,
    *comments.ENDPOINTS,
    *links.ENDPOINTS,
    *references.ENDPOINTS,
    *watchers.ENDPOINTS,
    *alerts.ENDPOINTS,
    *explain.ENDPOINTS,
    *silences.ENDPOINTS,
    *intake.ENDPOINTS,
    *users.ENDPOINTS,
    *groups.ENDPOINTS,
    *members.ENDPOINTS,
    *tokens.ENDPOINTS,
    *audit.ENDPOINTS,
    *declared.ENDPOINTS,
    *settings.ENDPOINTS,
    *dead_letters.ENDPOINTS,
    *dead_letters.REPLAY_ENDPOINTS,
    *workflows.ENDPOINTS,
    *description.ENDPOINTS,
    *operations.ENDPOINTS,
)
