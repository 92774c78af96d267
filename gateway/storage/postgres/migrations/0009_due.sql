-- A duty asks once which tenants have something due, and visits those alone. Row-level security shows
-- gateway_app one tenant at a time, so the question is asked as gateway_clock: it sees the columns below of every
-- tenant's rows, and no other. It learns that something is due, not what.

DO $$
DECLARE
    -- From 16 on a membership says itself whether the role's rights come along; before, the member says it for all.
    may_set text := CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_clock') THEN
        CREATE ROLE gateway_clock NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    IF NOT pg_has_role('gateway_app', 'gateway_clock', may_set) THEN
        IF may_set = 'SET' THEN
            EXECUTE 'GRANT gateway_clock TO gateway_app WITH INHERIT FALSE, SET TRUE';
        ELSE
            ALTER ROLE gateway_app NOINHERIT;
            GRANT gateway_clock TO gateway_app;
        END IF;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'the role gateway_clock is missing, or gateway_app is not its member (%)', SQLERRM USING
        ERRCODE = 'insufficient_privilege',
        HINT = 'Let a superuser run: CREATE ROLE gateway_clock NOLOGIN; GRANT gateway_clock TO gateway_app WITH INHERIT FALSE;'
               ' before PostgreSQL 16: ALTER ROLE gateway_app NOINHERIT; CREATE ROLE gateway_clock NOLOGIN;'
               ' GRANT gateway_clock TO gateway_app;';
END
$$;

DO $$
BEGIN
    IF pg_has_role('gateway_app', 'gateway_clock', 'USAGE') THEN
        RAISE EXCEPTION 'gateway_app inherits the rights of gateway_clock: it would see every tenant''s rows' USING
            HINT = 'Let a superuser run: GRANT gateway_clock TO gateway_app WITH INHERIT FALSE; before PostgreSQL 16:'
                   ' ALTER ROLE gateway_app NOINHERIT;';
    END IF;
END
$$;

DO $$
DECLARE
    watched text;
BEGIN
    FOREACH watched IN ARRAY ARRAY['alerts', 'strands', 'sources', 'tickets', 'silences', 'outbox', 'dead_letters',
                                   'idempotency'] LOOP
        EXECUTE format('CREATE POLICY every_tenant ON %I FOR SELECT TO gateway_clock USING (true)', watched);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO gateway_clock;
GRANT SELECT (tenant_id, silence_version) ON tenants TO gateway_clock;
GRANT SELECT (tenant_id, status, unconfirmed, quiet_until, first_seen, ends_at) ON alerts TO gateway_clock;
GRANT SELECT (tenant_id, lease_check_at) ON strands TO gateway_clock;
GRANT SELECT (tenant_id, last_delivery_at) ON sources TO gateway_clock;
GRANT SELECT (tenant_id, status, priority, resolved_at) ON tickets TO gateway_clock;
GRANT SELECT (tenant_id, ends_at, settled_at) ON silences TO gateway_clock;
GRANT SELECT (tenant_id, sink, state, created_at, next_at, claimed_until) ON outbox TO gateway_clock;
GRANT SELECT (tenant_id, last_seen) ON dead_letters TO gateway_clock;
GRANT SELECT (tenant_id, at) ON idempotency TO gateway_clock;

-- The other questions have theirs.
CREATE INDEX outbox_over ON outbox (tenant_id, created_at) WHERE state <> 'pending';
CREATE INDEX dead_letters_by_age ON dead_letters (tenant_id, last_seen);
