"""The endpoint table: everything that a process of all roles serves."""

from collections.abc import Sequence

from gateway.web.api import (
    alerts,
    audit,
    comments,
    dead_letters,
    description,
    explain,
    groups,
    intake,
    operations,
    silences,
    ticket_parts,
    tickets,
    tokens,
    users,
    workflows,
)
from gateway.web.http.endpoint import AnyEndpoint

TABLE: Sequence[AnyEndpoint] = (
    *tickets.ENDPOINTS,
    *ticket_parts.ENDPOINTS,
    *comments.ENDPOINTS,
    *alerts.ENDPOINTS,
    *explain.ENDPOINTS,
    *silences.ENDPOINTS,
    *intake.ENDPOINTS,
    *users.ENDPOINTS,
    *groups.ENDPOINTS,
    *tokens.ENDPOINTS,
    *audit.ENDPOINTS,
    *dead_letters.ENDPOINTS,
    *dead_letters.REPLAY_ENDPOINTS,
    *workflows.ENDPOINTS,
    *description.ENDPOINTS,
    *operations.ENDPOINTS,
)
