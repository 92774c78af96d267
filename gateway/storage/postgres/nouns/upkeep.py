"""What time brings about: leases that run out, silences and quiets that end, tickets to close.

Each call is one bounded transaction that locks its rows and looks again under the lock, so any
number of processes may do it at once.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from gateway.alerts.alert import Alert
from gateway.alerts.identity import Identity, StrandMemory
from gateway.alerts.rule import Rule
from gateway.effects.repeats import Held, ReportKey
from gateway.effects.sighting import apply_held, reconsider
from gateway.effects.working_set import WorkingSet
from gateway.events.routing import Route
from gateway.silences.book import SilenceBook
from gateway.silences.silence import EndedSilence
from gateway.storage.postgres.kernel.database import Database, Transaction
from gateway.storage.postgres.kernel.held import take_held
from gateway.storage.postgres.kernel.working_set import load_working_set
from gateway.storage.postgres.statements import load
from gateway.tickets.standing import Standing

SQL = load("upkeep")
SILENCE_SQL = load("silences")
MOST = 500
"""Alerts in one transaction."""


class PostgresUpkeep:
    """For workers. *rule_named* finds the configured rule, or the default one."""

    def __init__(
        self,
        database: Database,
        book: SilenceBook,
        routes: Sequence[Route],
        rule_named: Callable[[str], Rule],
    ) -> None:
        self._database = database
        self._book = book
        self._routes = routes
        self._rule_named = rule_named

    @property
    def most(self) -> int:
        """Rows that one call takes on."""
        return MOST

    async def drained_until(self, now: datetime) -> datetime:
        """Whatever was received by then is applied; *now* at most."""
        async with self._database.connected() as connection:
            found = await connection.exec_driver_sql(SQL["drained_until"], (now,))
            until: datetime = found.scalar_one()
            return until

    async def standing(self, tenant: int) -> Standing:
        """Counts from partial indexes: never of all rows."""
        async with self._database.tenant(tenant) as transaction:
            live = await transaction.driver.fetch(SQL["live_tickets"], tenant)
            firing = await transaction.driver.fetchval(SQL["firing_alerts"], tenant)
        return Standing({row["priority"]: row["count"] for row in live}, firing)

    async def leased_reports(self, tenant: int, now: datetime) -> list[ReportKey]:
        """Of those that `expire_leases` would look at now."""
        async with self._database.tenant(tenant) as transaction:
            found = await transaction.driver.fetch(SQL["leased_reports"], tenant, now, MOST)
            return [(tenant, row["strand"], row["source"]) for row in found]

    async def credit_held(self, tenant: int, held: Mapping[ReportKey, Held], now: datetime) -> None:
        """What was held back of reports, folded like sightings; of forgotten strands nothing."""

        async def work(transaction: Transaction) -> None:
            driver = transaction.driver
            strands = list({strand for _, strand, _ in held})
            found = await driver.fetch(SQL["alerts_of_strands"], tenant, strands)
            rows = await load_working_set(driver, tenant, (row["fingerprint"] for row in found))
            known = {key: one for key, one in held.items() if key[1] in rows.strands}
            taken = await take_held(driver, tenant, known)
            for key, count in sorted(taken.items()):
                apply_held(rows, self._identity(rows, key), known[key], count)
            await self._save(transaction, rows, now)

        await self._database.retrying(tenant, work)

    def _identity(self, rows: WorkingSet, key: ReportKey) -> Identity:
        """As stored: what is held of an alert stays where its episode is."""
        strand = rows.strands[key[1]]
        alert: Alert = rows.alerts[strand.fingerprint]
        return Identity(
            tenant=rows.tenant,
            source=key[2],
            strand=strand.strand,
            fingerprint=strand.fingerprint,
            merge_key=alert.merge_key,
            labels=strand.labels,
            alert_labels=alert.labels,
            severity=strand.severity,
            rule=self._rule_named(alert.rule),
            memory=StrandMemory(),
        )

    async def expire_leases(self, tenant: int, now: datetime, up_since: datetime) -> int:
        """Presume over what is not repeated; a lease longer than we are up is left alone."""

        async def work(transaction: Transaction) -> int:
            driver = transaction.driver
            found = await driver.fetch(SQL["leases_to_look_at"], tenant, now, MOST)
            if not found:
                return 0
            strands = [row["strand"] for row in found]
            rows = await load_working_set(driver, tenant, (row["fingerprint"] for row in found))
            await driver.execute(SQL["postpone_lease_checks"], tenant, strands, now, up_since)
            heard = await self._heard(transaction, strands, now)
            for fingerprint in sorted({row["fingerprint"] for row in found}):
                self._expire(rows, fingerprint, now, up_since, heard)
            await self._save(transaction, rows, now)
            return len(found)

        return await self._database.retrying(tenant, work)

    def _expire(
        self,
        rows: WorkingSet,
        fingerprint: bytes,
        now: datetime,
        up_since: datetime,
        heard: dict[bytes, bool],
    ) -> None:
        due = [
            strand
            for strand in rows.strands_of.get(fingerprint, ())
            if strand.fires
            and strand.lease_until is not None
            and strand.lease_until <= now
            # the guard: nobody could have repeated it to us within its lease
            and now >= up_since + (strand.lease_until - strand.last_seen)
        ]
        if not due:
            return
        alert = rows.alerts[fingerprint]
        for strand in due:
            strand.expired = True
            rows.changed_strands.add(strand.strand)
        is_heard = any(heard.get(strand.strand, False) for strand in due)
        reconsider(rows, fingerprint, now, self._rule_named(alert.rule), heard=is_heard)

    async def confirm_expired(self, tenant: int, now: datetime, after: bytes) -> bytes | None:
        """Look again at alerts whose source was silent itself; the last one looked at, or None."""

        async def work(transaction: Transaction) -> bytes | None:
            driver = transaction.driver
            found = await driver.fetch(SQL["unconfirmed"], tenant, after, MOST)
            if not found:
                return None
            rows = await load_working_set(driver, tenant, (row["fingerprint"] for row in found))
            expired = [strand.strand for strand in rows.strands.values() if strand.expired]
            heard = await self._heard(transaction, expired, now)
            for fingerprint, alert in sorted(rows.alerts.items()):
                strands = rows.strands_of.get(fingerprint, ())
                if alert.unconfirmed and any(heard.get(strand.strand) for strand in strands):
                    rule = self._rule_named(alert.rule)
                    reconsider(rows, fingerprint, now, rule, heard=True)
            await self._save(transaction, rows, now)
            return bytes(found[-1]["fingerprint"])

        return await self._database.retrying(tenant, work)

    async def _heard(
        self, transaction: Transaction, strands: Sequence[bytes], now: datetime
    ) -> dict[bytes, bool]:
        found = await transaction.driver.fetch(
            SQL["reporters"], transaction.tenant, list(strands), now
        )
        return {row["strand"]: bool(row["heard"]) for row in found}

    async def end_quiets(self, tenant: int, now: datetime) -> int:
        """Alerts that a person had quieted and that still fire have a live ticket again."""

        async def work(transaction: Transaction) -> int:
            driver = transaction.driver
            found = await driver.fetch(SQL["quiets_over"], tenant, now, MOST)
            rows = await load_working_set(driver, tenant, (row["fingerprint"] for row in found))
            for fingerprint, alert in sorted(rows.alerts.items()):
                if alert.quiet_until is not None and alert.quiet_until <= now:
                    rows.changed_alerts.add(fingerprint)
                    rows.voided_alerts.add(fingerprint)
                    self._judge(rows, fingerprint, now)
            await self._save(transaction, rows, now)
            return len(found)

        return await self._database.retrying(tenant, work)

    async def ended_silences(self, tenant: int, now: datetime) -> list[EndedSilence]:
        """Silences that have ended and whose alerts were not all handed back yet."""
        async with self._database.tenant(tenant) as transaction:
            found = await transaction.driver.fetch(SILENCE_SQL["unsettled"], tenant, now)
            return [EndedSilence(row["id"], row["ends_at"]) for row in found]

    async def judge_strands(
        self, tenant: int, now: datetime, after: bytes, *, silenced: bool
    ) -> bytes | None:
        """See `Upkeep`: those firing strands that were *silenced*, or that were not."""

        async def work(transaction: Transaction) -> bytes | None:
            driver, silences = transaction.driver, self._book.of(tenant)
            found = await driver.fetch(SILENCE_SQL["firing_strands"], tenant, silenced, after, MOST)
            changed = {
                row["fingerprint"]
                for row in found
                if silenced is not bool(silences.active_ids(orjson.loads(row["labels"]), now))
            }
            rows = await load_working_set(driver, tenant, changed)
            for fingerprint in sorted(rows.alerts):
                self._judge(rows, fingerprint, now)
            await self._save(transaction, rows, now)
            return bytes(found[-1]["strand"]) if found else None

        return await self._database.retrying(tenant, work)

    async def settle_silences(self, tenant: int, ids: Sequence[UUID], now: datetime) -> None:
        """Their alerts have been handed back."""
        async with self._database.tenant(tenant) as transaction:
            await transaction.driver.execute(SILENCE_SQL["settle"], tenant, list(ids), now)

    def _judge(self, rows: WorkingSet, fingerprint: bytes, now: datetime) -> None:
        """Silence verdicts of all its strands as of *now*, then the decision."""
        silences = self._book.of(rows.tenant)
        for strand in rows.strands_of.get(fingerprint, ()):
            if strand.firing:
                strand.silenced = bool(silences.active_ids(orjson.loads(strand.labels), now))
                rows.changed_strands.add(strand.strand)
        reconsider(rows, fingerprint, now, self._rule_named(rows.alerts[fingerprint].rule))

    async def forget(
        self, tenant: int, alerts_before: datetime, letters_before: datetime, now: datetime
    ) -> int:
        """Retention: take out up to MOST of each kind; how many of the kind that had the most."""

        async def work(transaction: Transaction) -> int:
            driver = transaction.driver
            messages: int = await driver.fetchval(
                SQL["forget_outbox"], tenant, letters_before, MOST
            )
            letters: int = await driver.fetchval(
                SQL["forget_dead_letters"], tenant, letters_before, MOST
            )
            gone: Sequence[bytes] | None = await driver.fetchval(
                SQL["forget_alerts"], tenant, alerts_before, MOST
            )
            keys = list(gone or ())
            await driver.execute(SQL["forget_these_alerts"], tenant, keys)
            return max(messages, letters, len(keys))

        return await self._database.retrying(tenant, work)

    async def _save(self, transaction: Transaction, rows: WorkingSet, now: datetime) -> None:
        await self._database.save(transaction, rows, self._routes, now)
