"""Before the first batch: schema, seed, tenants and silences, waited for as long as it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.clock import Clock
from gateway.errors import Unavailable
from gateway.logs import get_logger
from gateway.storage.postgres.kernel.connect import WORKERS, PostgresAway, connect
from gateway.storage.postgres.kernel.failures import DRIVER_ERRORS, is_outage
from gateway.storage.postgres.nouns.silences import PostgresSilences
from gateway.storage.postgres.schema.installation import read_seed, read_tenants
from gateway.storage.postgres.schema.migrate import CODE_VERSION, migrate, schema_version
from gateway.storage.private_file import replace_privately

_logger = get_logger(__name__)

TENANTS_KEPT = timedelta(seconds=30)


@dataclass(eq=False)
class SchemaTooOld(Unavailable):
    """Somebody must migrate; until then the pipeline waits."""

    code: str = "schema_too_old"


class Preparation:
    """Implements what `IntakeRun` waits for; keeps the list of tenants."""

    def __init__(
        self,
        url: str,
        *,
        may_migrate: bool,
        silences: PostgresSilences,
        adopt_seed: Callable[[bytes], None],
        clock: Clock,
    ) -> None:
        self._url = url
        self._may_migrate = may_migrate
        self._silences = silences
        self._adopt_seed = adopt_seed
        self._clock = clock
        self._tenants: list[int] = []
        self._read_at = clock() - TENANTS_KEPT
        self.away = False
        """The last try did not reach PostgreSQL."""
        self.done = False
        """The schema is there, and what stands in it is known."""

    async def prepare(self) -> None:
        """Raises Unavailable while something is missing."""
        try:
            await self._prepare()
        except Unavailable as error:
            self.away = isinstance(error, PostgresAway)
            raise
        self.away, self.done = False, True

    async def _prepare(self) -> None:
        if self._may_migrate:
            await self._migrate()
        connection = await connect(self._url, purpose=WORKERS)
        try:
            found = await schema_version(connection)
            if found < CODE_VERSION:
                raise SchemaTooOld(
                    f"the database's schema is at {found}, this program needs {CODE_VERSION}:"
                    " run `alert-gateway migrate`"
                )
            self._adopt_seed(await read_seed(connection))
        finally:
            await connection.close()
        for tenant in await self.tenants():
            await self._silences.refresh(tenant, self._clock())

    async def _migrate(self) -> None:
        try:
            await migrate(self._url, progress=_logger.info)
        except DRIVER_ERRORS as error:
            raise PostgresAway(f"PostgreSQL cannot be reached: {error}") from error

    async def tenants(self) -> list[int]:
        """Ids of all tenants; known anew after a while."""
        now = self._clock()
        if not self._tenants or now - self._read_at >= TENANTS_KEPT:
            connection = await connect(self._url, purpose=WORKERS)
            try:
                self._tenants = await read_tenants(connection)
            except DRIVER_ERRORS as error:
                if is_outage(error):
                    raise PostgresAway(f"PostgreSQL went away: {error}") from error
                raise
            finally:
                await connection.close()
            self._read_at = now
        return self._tenants


class SeedFile:
    """The installation's seed, remembered beside the journal: intake can start without PostgreSQL.

    A seed that turns out wrong costs nothing but work: records are identified anew when applied.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        """None on the very first start."""
        try:
            seed = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return seed if len(seed) == 32 else None

    def write(self, seed: bytes) -> None:
        """Readable by nobody else; whole or not at all."""
        replace_privately(self._path, seed)
