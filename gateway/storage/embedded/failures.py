"""Why there is no private PostgreSQL: each message tells the operator what to do."""

from dataclasses import dataclass

from gateway.errors import GatewayError


@dataclass(eq=False)
class PrivatePostgresFailed(GatewayError):
    """It cannot be made or started."""

    code: str = "private_postgres"


@dataclass(eq=False)
class DataDirectoryInUse(PrivatePostgresFailed):
    """Another gateway runs on the same data directory."""

    code: str = "data_directory_in_use"
