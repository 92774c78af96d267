"""A private PostgreSQL under `data_dir`, for installations that name none of their own."""

from gateway.storage.embedded.failures import DataDirectoryInUse, PrivatePostgresFailed
from gateway.storage.embedded.private import (
    PrivatePostgres,
    open_private_postgres,
    private_postgres,
)

__all__ = [
    "DataDirectoryInUse",
    "PrivatePostgres",
    "PrivatePostgresFailed",
    "open_private_postgres",
    "private_postgres",
]
