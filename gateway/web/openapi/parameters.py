"""What endpoints ask and give beside bodies: parts of paths, and headers."""

from typing import Annotated

from msgspec import Meta

from gateway.changes.perform import MOST_KEY_CHARACTERS
from gateway.links.link import LinkKind
from gateway.tickets.naming import PROJECT_KEY
from gateway.web.http.endpoint import IDEMPOTENCY_KEY, Parameter
from gateway.web.views.comment import CommentId
from gateway.web.views.links import WatcherId
from gateway.web.views.people import TokenId
from gateway.web.views.words import Fingerprint, Ordinal, SilenceId, TicketId, about

TICKET = Parameter(
    "id",
    "path",
    Annotated[
        str,
        Meta(pattern=rf"^(tk_[0-9a-f]{{26}}|(#|{PROJECT_KEY}-)?[0-9]{{1,18}})$"),
        about("The id; or the number or key, as in `17`, `#17` or `OPS-17`. The number alone"
              " counts: a ticket that has moved is found under its former key."),
    ],
    "TicketId",
)  # fmt: skip
WORKFLOW = Parameter(
    "name",
    "path",
    Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,59}$")],
    "WorkflowName",
)
COMMENT = Parameter("comment", "path", CommentId, "CommentId")
USER = Parameter(
    "user",
    "path",
    Annotated[str, Meta(min_length=1), about("A user's id, or the handle.")],
    "User",
)
GROUP = Parameter(
    "group",
    "path",
    Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"), about("The group's name.")],
    "Group",
)
PROJECT = Parameter(
    "project",
    "path",
    Annotated[str, Meta(min_length=1), about("The project's key.")],
    "ProjectKey",
)
ROLE = Parameter(
    "role",
    "path",
    Annotated[str, Meta(min_length=1), about("In the tenant or the project.")],
    "RoleName",
)
TOKEN = Parameter("token", "path", TokenId, "TokenId")
LINK_KIND = Parameter("kind", "path", LinkKind, "LinkKindName")
OTHER_TICKET = Parameter("other", "path", TicketId, "OtherTicketId")
WATCHER = Parameter("user", "path", WatcherId, "WatcherId")
SILENCE = Parameter("id", "path", SilenceId, "SilenceId")
ALERT = Parameter("fingerprint", "path", Fingerprint, "Fingerprint")
SOURCE = Parameter(
    "source",
    "path",
    Annotated[
        str,
        about("A configured source; alertmanager, custom, grafana, n9e and prometheus are always"
              " there."),
    ],
    "Source",
)  # fmt: skip
ACTOR = Parameter(
    "X-Actor",
    "header",
    Annotated[str, Meta(pattern="^[A-Za-z0-9._@-]{1,64}$"), about("Who does it, for the history.")],
    "Actor",
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    Annotated[
        str,
        about("The ETag of the version that was seen; 412 if it is another by now. Without it the"
              " last one wins."),
    ],
    "IfMatch",
)  # fmt: skip
KEY = Parameter(
    IDEMPOTENCY_KEY,
    "header",
    Annotated[
        str,
        Meta(pattern=rf"^[\x21-\x7e]{{1,{MOST_KEY_CHARACTERS}}}$"),
        about("A request that is sent again under its key is not done again: its answer is given."
              " Another request under it is refused with 422 and code `key_reused`."),
    ],
    "IdempotencyKey",
)  # fmt: skip

LOCATION = Parameter(
    "Location",
    "header",
    Annotated[str, Meta(pattern="^/api/v1/"), about("The path of what was made.")],
    "Location",
)
ETAG = Parameter(
    "ETag",
    "header",
    Annotated[str, Meta(pattern='^"[0-9]+"$'), about("The version, for If-Match.")],
    "ETag",
)
RETRY_AFTER = Parameter(
    "Retry-After", "header", Annotated[Ordinal, about("Seconds.")], "RetryAfter"
)
