"""Tenants, users and tokens as rows: who may ask, for tests of what they are answered."""

from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg

from gateway.access.token import OF_ROLE, OF_USER, mint

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Callers:
    """Writes rows as superuser."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def tenant(self, tenant: int, name: str) -> None:
        await self.connection.execute(
            "INSERT INTO tenants (tenant_id, name) VALUES ($1, $2)", tenant, name
        )

    async def user(
        self,
        handle: str,
        *roles: str,
        tenant: int = 1,
        groups: Sequence[str] = (),
        **projects: str,
    ) -> str:
        """Id of a new user, with roles in the tenant, and one in each of *projects*."""
        run, user = self.connection.execute, f"u_{handle}"
        await run(
            """
            INSERT INTO users (tenant_id, id, handle, email, created_at)
            VALUES ($1, $2, $3, $4, now())
            """,
            tenant, user, handle, f"{handle}@canary.example",
        )  # fmt: skip
        granted = [(role, "") for role in roles] + [(role, key) for key, role in projects.items()]
        for role, project in granted:
            await run(
                "INSERT INTO grants (tenant_id, user_id, role, project) VALUES ($1, $2, $3, $4)",
                tenant, user, role, project,
            )  # fmt: skip
        for group in groups:
            await run(
                "INSERT INTO group_members (tenant_id, group_name, user_id) VALUES ($1, $2, $3)",
                tenant, group, user,
            )  # fmt: skip
        return user

    async def token(
        self,
        *,
        user: str | None = None,
        role: str = "",
        tenant: int = 1,
        source: str = "",
        expires_at: datetime | None = None,
    ) -> str:
        """A new one, of a *user* or of a *role*, as it is shown once."""
        minted = mint(OF_ROLE if user is None else OF_USER)
        await self.connection.execute(
            """
            INSERT INTO tokens (tenant_id, id, name, hash, role, source, user_id, created_by,
                                created_at, expires_at)
            VALUES ($1, $2, 'a token', $3, $4, $5, $6, 'system', now(), $7)
            """,
            tenant, minted.id, minted.digest, role, source, user, expires_at,
        )  # fmt: skip
        await self.moved()
        return minted.text

    async def of(self, handle: str, *roles: str, tenant: int = 1, **projects: str) -> str:
        """The token of a new user."""
        user = await self.user(handle, *roles, tenant=tenant, **projects)
        return await self.token(user=user, tenant=tenant)

    async def revoke(self, text: str) -> None:
        await self.connection.execute(
            "UPDATE tokens SET revoked_at = now() WHERE id = $1", token_id(text)
        )
        await self.moved()

    async def disable(self, user: str) -> None:
        await self.connection.execute("UPDATE users SET disabled_at = now() WHERE id = $1", user)

    async def project(
        self, key: str, visibility: str, tenant: int = 1, groups: Sequence[str] = ()
    ) -> None:
        """As it is declared."""
        await self.connection.execute(
            """
            INSERT INTO declarations (tenant_id, kind, name, version, body, checksum, declared_at,
                                      origin)
            VALUES ($1, 'project', $2, 1,
                    jsonb_build_object('visibility', $3::text, 'groups', $4::text[]), sha256(''),
                    now(), 'config')
            """,
            tenant, key, visibility, groups,
        )  # fmt: skip
        await self.connection.execute(
            "INSERT INTO declared (tenant_id, kind, name, version) VALUES ($1, 'project', $2, 1)",
            tenant, key,
        )  # fmt: skip

    async def moved(self) -> None:
        await self.connection.execute("UPDATE installation SET tokens_version = tokens_version + 1")


def token_id(text: str) -> str:
    return f"t_{text.split('_')[2]}"
