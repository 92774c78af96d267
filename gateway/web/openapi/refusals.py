"""Answers that are no success, as the description names them."""

from typing import Annotated

from msgspec import Meta

from gateway.web.http.endpoint import Refusal
from gateway.web.openapi.parameters import RETRY_AFTER
from gateway.web.views import problem

_JSON = "application/json"
AlertmanagerError = Annotated[str, Meta(min_length=1)]

OTHER = Refusal("Problem", "Something else; `code` says what", (problem.ShownProblem,))
BAD_REQUEST = Refusal(
    "BadRequest", "The request is wrong, and `errors` says where", (problem.ShownProblem,)
)
NOT_FOUND = Refusal("NotFound", "No such thing in this tenant", (problem.ShownProblem,))
BAD_BODY = Refusal(
    "BadBody",
    "The body cannot be read at all and is not kept, or nothing of it was accepted",
    (problem.AllRefused, problem.ShownProblem),
)
OVERLOAD = Refusal(
    "Overload",
    "Too much at once, or the journal is full",
    (problem.ShownProblem,),
    gives=(RETRY_AFTER,),
)
FORBIDDEN_TRANSITION = Refusal(
    "ForbiddenTransition",
    "The workflow has no such step (or a foreign Host or Origin was refused)",
    (problem.ForbiddenTransition, problem.ShownProblem),
)
NOT_NOW = Refusal(
    "NotNow",
    "Something stands against the step: `newer_ticket_live` (a newer ticket is live for the same"
    " problem), `workflow_undeclared`, `state_undeclared`, `children_open`, `approval_unreachable`",
    (problem.NewerTicketLive, problem.ShownProblem),
)
MISSING_FIELDS = Refusal(
    "MissingFields",
    "The step needs more: code `missing_fields`, and `errors` says what (or `invalid_custom`, for"
    " custom fields that are not what is declared; or `key_reused`)",
    (problem.ShownProblem,),
)
NOT_MAJOR = Refusal(
    "NotMajor",
    "Not as the ticket is: `not_an_incident`, `not_live`, `already_major`, `not_major`,"
    " `rollout_unfinished`, `workflow_undeclared`, `state_undeclared`",
    (problem.ShownProblem,),
)
NOT_LOST = Refusal(
    "NotLost",
    "Its state is there (`state_declared`), the other one is not (`state_undeclared`), or the"
    " ticket has ended and stays so (`ticket_ended`)",
    (problem.ShownProblem,),
)
STALE_TICKET = Refusal(
    "StaleTicket",
    "Somebody else has changed the ticket since; code `stale_ticket`",
    (problem.ShownProblem,),
)
SETTING_TAKEN = Refusal(
    "SettingTaken",
    "A configuration declares it (code `declared_in_config`), or a policy needs it"
    " (`setting_in_use`)",
    (problem.ShownProblem,),
)
STALE_SETTING = Refusal(
    "StaleSetting",
    "Somebody else has declared another version since; code `stale_setting`",
    (problem.ShownProblem,),
)
KEY_REUSED = Refusal(
    "KeyReused",
    "Its Idempotency-Key was used for another request; code `key_reused`",
    (problem.ShownProblem,),
)
PEOPLE_CONFLICT = Refusal(
    "PeopleConflict",
    "The handle is taken (`handle_taken`), nobody would be left to administer the tenant"
    " (`last_admin`), or the user is disabled (`user_disabled`)",
    (problem.ShownProblem,),
)
OWN_TOKENS_ONLY = Refusal(
    "OwnTokensOnly",
    "Only admins make tokens for others; code `own_tokens_only` (or a foreign Host or Origin was"
    " refused)",
    (problem.ShownProblem,),
)
OWN_ROLE = Refusal(
    "OwnRole",
    "It would be one's own role; code `own_role` (or a foreign Host or Origin was refused)",
    (problem.ShownProblem,),
)
INVALID_CUSTOM = Refusal(
    "InvalidCustom",
    "Custom fields are not what is declared, and `errors` says which; code `invalid_custom` (or"
    " `unknown_person`, for an assignee who is nobody here; or `key_reused`, for an"
    " Idempotency-Key that was used for another request)",
    (problem.ShownProblem,),
)
NOT_THE_AUTHOR = Refusal(
    "NotTheAuthor",
    "Somebody else wrote it; code `not_the_author` (or a foreign Host or Origin was refused)",
    (problem.ShownProblem,),
)
COMMENT_RETRACTED = Refusal(
    "CommentRetracted",
    "The comment was taken back; code `comment_retracted`",
    (problem.ShownProblem,),
)
LINK_FORBIDDEN = Refusal(
    "LinkForbidden",
    "The kind of link forbids it: codes `has_parent`, `link_ring`, `too_many_generations`,"
    " `already_duplicate`, `original_is_duplicate`, `original_ended`, `newer_ticket_live`;"
    " `ticket_id` names the ticket that stands against it, if the caller sees it",
    (problem.LinkForbidden,),
)
TOO_MANY = Refusal(
    "TooMany",
    "The ticket has as many as it may have; code `too_many_references` or `too_many_watchers`",
    (problem.ShownProblem,),
)
BAD_ALERTS = Refusal(
    "BadAlerts",
    "The bad alerts (the others are stored), or why the body cannot be read",
    (AlertmanagerError, problem.FrameworkError),
    _JSON,
)
NO_SUCH_SOURCE = Refusal("NoSuchSource", "No such source", (AlertmanagerError,), _JSON)
ALERTMANAGER_OVERLOAD = Refusal(
    "AlertmanagerOverload",
    "Too much at once, or the journal is full",
    (AlertmanagerError,),
    _JSON,
    (RETRY_AFTER,),
)
FRAMEWORK = Refusal(
    "Framework",
    "What Alertmanager's framework would say, as 401, 403, 405, 408, 413, 415 or 422",
    (problem.FrameworkError,),
    _JSON,
)
