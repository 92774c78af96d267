-- PostgreSQL checks a foreign key by a plan that each session makes once. One made while `tickets`
-- was empty read it whole for every link until the next ANALYZE: a first storm took four times as
-- long as a later one. A link is written in its ticket's own transaction, under the ticket's lock,
-- and removed with it.

ALTER TABLE ticket_alerts DROP CONSTRAINT ticket_alerts_tenant_id_ticket_id_fkey;
