"""Stories about single alerts and groups: what is said of them, and the outcomes."""

from gateway.alerts.rule import Rule
from gateway.effects.sighting import apply_sighting
from gateway.tickets.ticket import Ticket, TicketStatus
from gateway.tickets.triage import triage_of
from tests.alerts.identities import at, identity
from tests.intake.gateway_in_memory import MemoryGateway, minutes
from tests.intake.laws import check_laws
from tests.windows.sums import Said, summed

CPU = {"alertname": "Cpu", "instance": "db1"}
TEAM = Rule("team", group_by=("team",), window=minutes(20))
ONE, TWO = ({"alertname": name, "team": "x"} for name in ("One", "Two"))


class Story:
    """Applies what is said of alerts one by one, and keeps the outcomes."""

    def __init__(self, *rules: Rule) -> None:
        self.gateway = MemoryGateway(rules)
        self.outcomes: list[str] = []

    def tell(self, *all_said: Said, of: dict[str, str] = CPU, severity: str = "") -> list[str]:
        """Outcomes of these, in order; silences as the book has them."""
        told = []
        for said in all_said:
            one = identity(of, "prometheus", ["replica"], self.gateway.rules, severity=severity)
            rows = self.gateway.ledger.load_for([one])
            sum_of_one, now = summed(said, of=one), at(said.received)
            sum_of_one.silenced = said.firing and self.gateway.book.of(1).silences(one, now)
            told.append(apply_sighting(rows, sum_of_one))
            assert rows.outcomes == {told[-1]: 1}
            self.gateway.ledger.save(rows, 0)
            check_laws(self.gateway.ledger, now)
        self.outcomes += told
        return told

    @property
    def tickets(self) -> list[Ticket]:
        return self.gateway.tickets

    @property
    def ticket(self) -> Ticket:
        [one] = self.tickets
        return one

    @property
    def triage(self) -> str:
        """Of the only alert."""
        [alert] = self.gateway.ledger.alerts.values()
        tickets = self.gateway.ledger.tickets
        return triage_of(alert.status, tickets[alert.ticket_id].status if alert.ticket_id else None)

    def history(self, ticket: Ticket) -> list[tuple[str, str, str | None, str | None]]:
        rows = self.gateway.ledger.history[ticket.id]
        return [(row.entry.actor, row.entry.field, row.entry.old, row.entry.new) for row in rows]

    def events(self) -> list[str]:
        return [event for event, _ in self.gateway.ledger.events]

    def step(self, to: TicketStatus, minute: float) -> None:
        self.gateway.step(self.tickets[-1], to, at(minute))
        check_laws(self.gateway.ledger, at(minute))
