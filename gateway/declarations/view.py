"""What is declared, as `web` reads it."""

from typing import Protocol

from gateway.declarations.book import Book


class DeclarationReader(Protocol):
    """Raises Unavailable while the ledger is away."""

    async def book(self, tenant: int) -> Book:
        """What is declared in the tenant now, whichever process declared it."""
