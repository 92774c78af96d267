"""Where users, their roles and groups, and tokens lie."""

from gateway.people.person import Grant, Membership
from gateway.people.token import Token
from gateway.people.user import User
from gateway.storage.postgres.kernel import tables
from gateway.storage.postgres.kernel.stored import Stored

USERS = Stored(
    User,
    tables.users,
    key=("id",),
    fixed=frozenset({"issuer", "subject", "created_at"}),
    beside=frozenset({"end"}),
)
GRANTS = Stored(Grant, tables.grants, key=("user_id", "role", "project"))
MEMBERS = Stored(Membership, tables.group_members, key=("group_name", "user_id"))
TOKENS = Stored(
    Token,
    tables.tokens,
    key=("id",),
    fixed=frozenset(
        {
            "name", "hash", "role", "source", "user_id", "created_by", "created_at", "expires_at",
            "last_used_at",
        }
    ),
    beside=frozenset({"end"}),
)  # fmt: skip
