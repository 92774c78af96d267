"""The people and tokens that a transaction holds: as they were loaded, and as they now are."""

from dataclasses import dataclass, field

from gateway.errors import Conflict, NotFound
from gateway.people.person import Person
from gateway.people.token import Token


@dataclass(slots=True)
class Roster:
    """By id. What differs from what was loaded is saved."""

    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    loaded_people: dict[str, Person] = field(default_factory=dict)
    loaded_tokens: dict[str, Token] = field(default_factory=dict)

    def load_person(self, person: Person) -> None:
        """A row from the ledger."""
        self.people[person.user.id] = self.loaded_people[person.user.id] = person

    def load_token(self, token: Token) -> None:
        """A row from the ledger."""
        self.tokens[token.id] = self.loaded_tokens[token.id] = token

    def find(self, name: str) -> Person | None:
        """By id, or by handle as `@anna` names it; None: nobody who was loaded."""
        if not name.startswith("@"):
            return self.people.get(name)
        handle = name[1:].lower()
        return next((one for one in self.people.values() if one.user.handle == handle), None)

    def get(self, name: str) -> Person:
        """As `find`; raises NotFound."""
        person = self.find(name)
        if person is None:
            raise NotFound(f"no user {name}")
        return person

    def keep_an_admin(self) -> None:
        """Raises Conflict (`last_admin`) if there was one and is none; all must be loaded."""
        had = any(one.is_admin for one in self.loaded_people.values())
        if had and not any(one.is_admin for one in self.people.values()):
            raise Conflict(
                "nobody would be left to administer this tenant: make another user admin first",
                code="last_admin",
            )
