-- The spine: what the gateway knows of alerts, and the tickets made of them.
--
-- Every key, unique constraint and foreign key leads with tenant_id; row-level security is on and
-- forced on every table that has one. The application connects as gateway_app, which owns nothing.
-- Times are UTC. Fingerprints, strands and merge keys are 16 bytes.
--
-- What belongs to one alert (strands, reports, episodes, window) is written by one transaction under its
-- window's lock; foreign keys among these tables would cost a look-up a row in a storm of new alerts.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_app') THEN
        CREATE ROLE gateway_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    -- From 16 on the creator of a role is its member without the right to SET ROLE.
    IF NOT pg_has_role(current_user, 'gateway_app',
                       CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
        EXECUTE format('GRANT gateway_app TO %I', current_user);
    END IF;
END
$$;

-- ---------------------------------------------------------------- installation, tenants, journals

CREATE TABLE installation (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    id      text    NOT NULL,
    seed    bytea   NOT NULL CHECK (length(seed) = 32)
);
COMMENT ON TABLE installation IS 'One row: the secret seed of all fingerprints. Changing it forgets every identity.';
INSERT INTO installation (id, seed)
VALUES (gen_random_uuid()::text, decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

CREATE TABLE tenants (
    tenant_id           integer PRIMARY KEY,
    name                text    NOT NULL UNIQUE,
    last_ticket_number  bigint  NOT NULL DEFAULT 0,
    silence_version     bigint  NOT NULL DEFAULT 0
);
COMMENT ON COLUMN tenants.silence_version IS 'Moves with every start, end and edit of a silence; the ledger compares it.';
INSERT INTO tenants (tenant_id, name) VALUES (1, 'default');

CREATE TABLE journal_progress (
    journal_id   text        PRIMARY KEY,
    applied      bigint      NOT NULL DEFAULT 0,
    drained_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
COMMENT ON COLUMN journal_progress.applied IS 'Position: the greatest seq whose effects are committed, in this very transaction.';
COMMENT ON COLUMN journal_progress.drained_at IS 'When this journal last had nothing unapplied. No lease ends while one lags.';

-- ---------------------------------------------------------------- alerts

CREATE TABLE sources (
    tenant_id         integer     NOT NULL,
    name              text        NOT NULL,
    last_delivery_at  timestamptz NOT NULL,
    resumed_at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
COMMENT ON COLUMN sources.resumed_at IS 'First delivery after the latest silence of the source itself.';

CREATE TABLE alerts (
    tenant_id     integer     NOT NULL,
    fingerprint   bytea       NOT NULL,
    labels        jsonb       NOT NULL,
    annotations   jsonb       NOT NULL,
    severity      text        NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    status        text        NOT NULL CHECK (status IN ('firing', 'resolved', 'expired')),
    silenced      boolean     NOT NULL,
    unconfirmed   boolean     NOT NULL,
    triage        text        NOT NULL DEFAULT 'none' CHECK (triage IN ('none', 'acknowledged')),
    rule          text        NOT NULL,
    merge_key     bytea       NOT NULL,
    ticket_id     text,
    starts_at     timestamptz,
    ends_at       timestamptz,
    quiet_until   timestamptz,
    first_seen    timestamptz NOT NULL,
    episodes      bigint      NOT NULL,
    version       bigint      NOT NULL,
    PRIMARY KEY (tenant_id, fingerprint)
);
COMMENT ON TABLE alerts IS 'A label set without ignored labels. occurrences, last_seen and last_outcome are sums over its strands.';
COMMENT ON COLUMN alerts.quiet_until IS 'A person ended the ticket: the running episode makes no ticket before this. infinity: until it ends.';
CREATE INDEX alerts_by_age ON alerts (tenant_id, first_seen DESC, fingerprint);
CREATE INDEX alerts_by_ticket ON alerts (tenant_id, ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX alerts_quiet ON alerts (tenant_id, quiet_until) WHERE quiet_until IS NOT NULL;
CREATE INDEX alerts_unconfirmed ON alerts (tenant_id, fingerprint) WHERE unconfirmed;

CREATE TABLE strands (
    tenant_id         integer     NOT NULL,
    strand            bytea       NOT NULL,
    fingerprint       bytea       NOT NULL,
    labels            jsonb       NOT NULL,
    severity          text        NOT NULL,
    fired_at          timestamptz,
    resolved_at       timestamptz,
    unstarted_at      timestamptz,
    last_firing_at    timestamptz,
    last_resolve_at   timestamptz,
    started_at        timestamptz,
    lease_until       timestamptz,
    lease_check_at    timestamptz,
    firing            boolean     NOT NULL,
    expired           boolean     NOT NULL,
    silenced          boolean     NOT NULL,
    occurrences       bigint      NOT NULL,
    last_outcome      text        NOT NULL,
    first_seen        timestamptz NOT NULL,
    last_seen         timestamptz NOT NULL,
    version           bigint      NOT NULL,
    PRIMARY KEY (tenant_id, strand)
) WITH (fillfactor = 60);
COMMENT ON TABLE strands IS 'One source alert. Every time but started_at is a greatest: any order of delivery gives the same row.';
COMMENT ON COLUMN strands.fired_at IS 'F: greatest starts_at of its firing sightings.';
COMMENT ON COLUMN strands.resolved_at IS 'R: greatest ends_at of its resolves.';
COMMENT ON COLUMN strands.unstarted_at IS 'Greatest receipt of a firing sighting that named no start.';
COMMENT ON COLUMN strands.lease_until IS 'infinity: some source of it promises no repeats.';
COMMENT ON COLUMN strands.lease_check_at IS 'When to look at lease_until; moved seldom, so that repeats stay heap-only updates.';
COMMENT ON COLUMN strands.version IS 'Moves with every change that is not a mere repeat; a repeat is credited only against the version it knows.';
CREATE INDEX strands_by_alert ON strands (tenant_id, fingerprint);
CREATE INDEX strands_leased ON strands (tenant_id, lease_check_at) WHERE lease_check_at IS NOT NULL;
CREATE INDEX strands_silenced ON strands (tenant_id, strand) WHERE silenced AND firing;

CREATE TABLE reports (
    tenant_id           integer     NOT NULL,
    strand              bytea       NOT NULL,
    source              text        NOT NULL,
    source_fingerprint  text        NOT NULL,
    url                 text        NOT NULL,
    lease_until         timestamptz NOT NULL,
    last_seen           timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, strand, source)
) WITH (fillfactor = 60);
COMMENT ON TABLE reports IS 'What each source says of a strand: its own name for it, link, lease and last sighting.';

CREATE TABLE episodes (
    tenant_id    integer     NOT NULL,
    fingerprint  bytea       NOT NULL,
    number       bigint      NOT NULL,
    rule         text        NOT NULL,
    merge_key    bytea       NOT NULL,
    ticket_id    text,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz,
    PRIMARY KEY (tenant_id, fingerprint, number)
);

CREATE TABLE windows (
    tenant_id     integer     NOT NULL,
    merge_key     bytea       NOT NULL,
    rule          text        NOT NULL,
    length        interval    NOT NULL,
    auto_resolve  text        NOT NULL CHECK (auto_resolve IN ('true', 'false', 'unclaimed')),
    opened_at     timestamptz,
    ends_at       timestamptz,
    firing        integer     NOT NULL CHECK (firing >= 0),
    ticket_id     text,
    PRIMARY KEY (tenant_id, merge_key)
);
COMMENT ON TABLE windows IS 'The row that every sighting of a merge key locks. opened_at null: closed. ends_at null: an alert in it fires.';

-- ---------------------------------------------------------------- tickets

CREATE TABLE tickets (
    tenant_id          integer     NOT NULL,
    id                 text        COLLATE "C" NOT NULL,
    number             bigint      NOT NULL,
    type               text        NOT NULL DEFAULT 'incident',
    title              text        NOT NULL,
    description        text        NOT NULL DEFAULT '',
    status             text        NOT NULL CHECK (status IN ('open', 'in_progress', 'pending', 'resolved', 'closed', 'cancelled')),
    status_before      text        NOT NULL DEFAULT 'open',
    priority           text        NOT NULL CHECK (priority IN ('critical', 'high', 'medium', 'low')),
    severity           text,
    impact             text,
    urgency            text,
    major              boolean     NOT NULL DEFAULT false,
    workflow           text        NOT NULL DEFAULT 'default',
    workflow_version   integer     NOT NULL DEFAULT 1,
    rule               text        NOT NULL DEFAULT '',
    labels             jsonb       NOT NULL DEFAULT '{}',
    custom             jsonb       NOT NULL DEFAULT '{}',
    merge_key          bytea,
    follows            text,
    requester          text        NOT NULL,
    assignee           text        NOT NULL DEFAULT '',
    assignee_group     text        NOT NULL DEFAULT '',
    episodes           bigint      NOT NULL DEFAULT 0,
    flaps              bigint      NOT NULL DEFAULT 0,
    firing             integer     NOT NULL DEFAULT 0 CHECK (firing >= 0),
    silenced           integer     NOT NULL DEFAULT 0 CHECK (silenced >= 0),
    unconfirmed        integer     NOT NULL DEFAULT 0 CHECK (unconfirmed >= 0),
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    acknowledged_at    timestamptz,
    first_response_at  timestamptz,
    resolved_at        timestamptz,
    closed_at          timestamptz,
    version            bigint      NOT NULL,
    history_length     bigint      NOT NULL,
    history_head       bytea       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number)
) WITH (fillfactor = 80);
COMMENT ON COLUMN tickets.status_before IS 'What a reopening by the system returns to.';
COMMENT ON COLUMN tickets.unconfirmed IS 'Alerts whose lease ran out while their source itself is silent.';
COMMENT ON COLUMN tickets.history_head IS 'Hash of the last history row: cutting off the end is found as well.';
CREATE UNIQUE INDEX tickets_one_live ON tickets (tenant_id, merge_key)
    WHERE merge_key IS NOT NULL AND status IN ('open', 'in_progress', 'pending');
CREATE INDEX tickets_live ON tickets (tenant_id, id) WHERE status IN ('open', 'in_progress', 'pending');
CREATE INDEX tickets_to_close ON tickets (tenant_id, resolved_at) WHERE status = 'resolved';

CREATE TABLE ticket_alerts (
    tenant_id           integer     NOT NULL,
    ticket_id           text        COLLATE "C" NOT NULL,
    fingerprint         bytea       NOT NULL,
    joined_at           timestamptz NOT NULL,
    occurrences_before  bigint      NOT NULL,
    occurrences_after   bigint,
    PRIMARY KEY (tenant_id, ticket_id, fingerprint),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets
);
COMMENT ON TABLE ticket_alerts IS 'A ticket''s occurrences are what its alerts counted while on it: nothing is written for a repeat.';
COMMENT ON COLUMN ticket_alerts.occurrences_after IS 'Null while the alert is on the ticket.';
CREATE INDEX ticket_alerts_by_alert ON ticket_alerts (tenant_id, fingerprint);

CREATE TABLE history (
    tenant_id  integer     NOT NULL,
    kind       text        NOT NULL,
    object_id  text        COLLATE "C" NOT NULL,
    sequence   bigint      NOT NULL,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    field      text        NOT NULL,
    old        text,
    new        text,
    comment    text        NOT NULL,
    hash       bytea       NOT NULL,
    PRIMARY KEY (tenant_id, kind, object_id, sequence)
);
COMMENT ON TABLE history IS 'Append-only; each hash covers the row and the hash before it, per object.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER history_rows_stay BEFORE UPDATE OR DELETE ON history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_stays BEFORE TRUNCATE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ---------------------------------------------------------------- silences, outbox, dead letters

CREATE TABLE silences (
    tenant_id       integer     NOT NULL REFERENCES tenants,
    id              uuid        NOT NULL,
    matchers        text        NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    author          text        NOT NULL,
    comment         text        NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    settled_at      timestamptz,
    version         bigint      NOT NULL,
    history_length  bigint      NOT NULL,
    history_head    bytea       NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (ends_at >= starts_at)
);
COMMENT ON TABLE silences IS 'Never deleted, only ended.';
COMMENT ON COLUMN silences.settled_at IS 'When the alerts it held were handed back after its end.';
CREATE INDEX silences_unsettled ON silences (tenant_id, ends_at) WHERE settled_at IS NULL;

CREATE TABLE outbox (
    tenant_id      integer     NOT NULL REFERENCES tenants,
    id             text        COLLATE "C" NOT NULL,
    sequence       bigint      GENERATED ALWAYS AS IDENTITY,
    sink           text        NOT NULL,
    type           text        NOT NULL,
    subject        text        NOT NULL,
    payload        jsonb       NOT NULL,
    created_at     timestamptz NOT NULL,
    state          text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts       integer     NOT NULL DEFAULT 0,
    next_at        timestamptz NOT NULL,
    claimed_until  timestamptz,
    last_error     text        NOT NULL DEFAULT '',
    delivered_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outbox_due ON outbox (tenant_id, sink, next_at, sequence) WHERE state = 'pending';
CREATE INDEX outbox_pending ON outbox (tenant_id, sink, subject, sequence) WHERE state = 'pending';

CREATE TABLE dead_letters (
    tenant_id    integer     NOT NULL REFERENCES tenants,
    source       text        NOT NULL,
    digest       bytea       NOT NULL,
    reason       text        NOT NULL,
    error        text        NOT NULL,
    raw          bytea       NOT NULL,
    count        bigint      NOT NULL,
    batch        text        NOT NULL,
    first_seen   timestamptz NOT NULL,
    last_seen    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, source, digest)
);
COMMENT ON TABLE dead_letters IS 'Accounted for, but in no alert: raw bytes and the reason, one row for all equal ones.';

-- ---------------------------------------------------------------- isolation and grants

DO $$
DECLARE
    isolated text;
BEGIN
    FOREACH isolated IN ARRAY ARRAY['sources', 'alerts', 'strands', 'reports', 'episodes', 'windows', 'tickets',
                                    'ticket_alerts', 'history', 'silences', 'outbox', 'dead_letters'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', isolated);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', isolated);
        -- The sub-select is worked out once a statement, not once a row; '' and unset see nothing.
        EXECUTE format(
            'CREATE POLICY one_tenant ON %I USING (tenant_id = (SELECT nullif(current_setting(''app.tenant'', true), '''')::integer))',
            isolated);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO gateway_app', isolated);
        IF isolated <> 'history' THEN
            EXECUTE format('GRANT UPDATE ON %I TO gateway_app', isolated);
        END IF;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO gateway_app;
GRANT SELECT ON installation, tenants TO gateway_app;
GRANT UPDATE (last_ticket_number, silence_version) ON tenants TO gateway_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON journal_progress TO gateway_app;
-- Retention takes out what is over; tickets, history and silences stay.
GRANT DELETE ON alerts, strands, reports, episodes, windows, ticket_alerts, outbox, dead_letters TO gateway_app;
