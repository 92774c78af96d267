-- History tells its order and keeps its secrets: each row carries the number of the transaction that wrote it, and a
-- salt in its hash. Chains of kinds without a head on their own row have one in history_heads; requests under a key
-- are done once.

ALTER TABLE installation ADD COLUMN xid_offset bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN installation.xid_offset IS 'Added to transaction numbers, which begin anew in a restored database.';

CREATE FUNCTION applied_now() RETURNS bigint LANGUAGE sql STABLE
    AS 'SELECT pg_current_xact_id()::text::bigint + xid_offset FROM installation';
COMMENT ON FUNCTION applied_now IS 'The place of this transaction in the order in which things became true.';

-- Constants: no row is rewritten. The default afterwards is for replicas of an earlier release.
ALTER TABLE history ADD COLUMN salt bytea, ADD COLUMN applied bigint NOT NULL DEFAULT 0;
ALTER TABLE history ALTER COLUMN applied SET DEFAULT applied_now();
COMMENT ON COLUMN history.salt IS 'Part of the row''s hash; null: written by a release that had none.';
COMMENT ON COLUMN history.applied IS 'Number of the writing transaction; 0: written before there was one.';
CREATE INDEX history_applied ON history (tenant_id, applied, kind, object_id, sequence);

CREATE TABLE history_heads (
    tenant_id  integer  NOT NULL,
    kind       text     NOT NULL,
    object_id  text     COLLATE "C" NOT NULL,
    length     bigint   NOT NULL CHECK (length > 0),
    head       bytea    NOT NULL,
    PRIMARY KEY (tenant_id, kind, object_id)
);
COMMENT ON TABLE history_heads IS 'Ends of chains; tickets and silences have theirs on their own rows.';

CREATE TABLE idempotency (
    tenant_id     integer      NOT NULL,
    principal     text         NOT NULL,
    key           text         NOT NULL,
    command       text         NOT NULL,
    request_hash  bytea        NOT NULL,
    answer        bytea,
    at            timestamptz  NOT NULL,
    PRIMARY KEY (tenant_id, principal, key)
);
COMMENT ON TABLE idempotency IS 'Requests that were done, and their answers, for a day: asked again they are not done again.';
CREATE INDEX idempotency_at ON idempotency (tenant_id, at);

DO $$
DECLARE
    isolated text;
BEGIN
    FOREACH isolated IN ARRAY ARRAY['history_heads', 'idempotency'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', isolated);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', isolated);
        EXECUTE format(
            'CREATE POLICY one_tenant ON %I USING (tenant_id = (SELECT nullif(current_setting(''app.tenant'', true), '''')::integer))',
            isolated);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO gateway_app', isolated);
    END LOOP;
END
$$;
GRANT DELETE ON idempotency TO gateway_app;
