-- People: users, the groups they are in, the roles they hold, and tokens. A token is looked up before its tenant is
-- known: a second policy shows exactly the row whose id was presented. Senders' tokens are also read by gateway_door,
-- which sees of every tenant's senders what is needed to know them while PostgreSQL is away, and no more.

CREATE TABLE users (
    tenant_id    integer      NOT NULL,
    id           text         COLLATE "C" NOT NULL,
    handle       text         COLLATE "C" NOT NULL,
    name         text         NOT NULL DEFAULT '',
    email        text         NOT NULL DEFAULT '',
    issuer       text,
    subject      text,
    time_zone    text         NOT NULL DEFAULT '',
    created_at   timestamptz  NOT NULL,
    disabled_at  timestamptz,
    erased_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, handle),
    UNIQUE (tenant_id, issuer, subject)
);
COMMENT ON COLUMN users.issuer IS 'With the subject: who the provider of identities says it is; null: made by hand.';

CREATE TABLE group_members (
    tenant_id   integer  NOT NULL,
    group_name  text     COLLATE "C" NOT NULL,
    user_id     text     COLLATE "C" NOT NULL,
    origin      text     NOT NULL DEFAULT 'manual' CHECK (origin IN ('manual', 'oidc')),
    PRIMARY KEY (tenant_id, group_name, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
);
CREATE INDEX group_members_of_user ON group_members (tenant_id, user_id);

CREATE TABLE grants (
    tenant_id  integer  NOT NULL,
    user_id    text     COLLATE "C" NOT NULL,
    role       text     NOT NULL,
    project    text     COLLATE "C" NOT NULL DEFAULT '',
    origin     text     NOT NULL DEFAULT 'manual' CHECK (origin IN ('manual', 'oidc')),
    PRIMARY KEY (tenant_id, user_id, role, project),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
);
COMMENT ON COLUMN grants.project IS 'Key of a project; empty: the role holds in the whole tenant.';

CREATE TABLE tokens (
    tenant_id     integer      NOT NULL,
    id            text         COLLATE "C" NOT NULL,
    name          text         NOT NULL,
    hash          bytea        NOT NULL CHECK (octet_length(hash) = 32),
    role          text         NOT NULL DEFAULT '',
    source        text         NOT NULL DEFAULT '',
    user_id       text         COLLATE "C",
    created_by    text         NOT NULL,
    created_at    timestamptz  NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    last_used_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users,
    CHECK ((user_id IS NULL) = (role <> ''))
);
COMMENT ON COLUMN tokens.hash IS 'SHA-256 of the secret, which is kept nowhere.';
COMMENT ON COLUMN tokens.role IS 'Of a token of nobody; one of a user has what its user has.';
CREATE INDEX tokens_by_id ON tokens (id);
CREATE INDEX tokens_of_user ON tokens (tenant_id, user_id) WHERE user_id IS NOT NULL;

ALTER TABLE installation ADD COLUMN tokens_version bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN installation.tokens_version IS 'Moves with every change of a sender''s token: books that are older are read anew.';
GRANT UPDATE (tokens_version) ON installation TO gateway_app;
-- By the command line alone: no request spans tenants.
GRANT INSERT (tenant_id, name) ON tenants TO gateway_app;

DO $$
DECLARE
    isolated text;
BEGIN
    FOREACH isolated IN ARRAY ARRAY['users', 'group_members', 'grants', 'tokens'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', isolated);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', isolated);
        EXECUTE format(
            'CREATE POLICY one_tenant ON %I USING (tenant_id = (SELECT nullif(current_setting(''app.tenant'', true), '''')::integer))',
            isolated);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO gateway_app', isolated);
    END LOOP;
END
$$;
GRANT DELETE ON group_members, grants TO gateway_app;
CREATE POLICY presented ON tokens FOR SELECT TO gateway_app
    USING (id = (SELECT nullif(current_setting('app.presented', true), '')));

DO $$
DECLARE
    -- From 16 on a membership says itself whether the role's rights come along; before, the member says it for all.
    may_set text := CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_door') THEN
        CREATE ROLE gateway_door NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    IF NOT pg_has_role('gateway_app', 'gateway_door', may_set) THEN
        IF may_set = 'SET' THEN
            EXECUTE 'GRANT gateway_door TO gateway_app WITH INHERIT FALSE, SET TRUE';
        ELSE
            GRANT gateway_door TO gateway_app;
        END IF;
    END IF;
    IF pg_has_role('gateway_app', 'gateway_door', 'USAGE') THEN
        RAISE EXCEPTION 'gateway_app inherits the rights of gateway_door: it would see every tenant''s senders' USING
            HINT = 'Let a superuser run: GRANT gateway_door TO gateway_app WITH INHERIT FALSE; before PostgreSQL 16:'
                   ' ALTER ROLE gateway_app NOINHERIT;';
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'the role gateway_door is missing, or gateway_app is not its member (%)', SQLERRM USING
        ERRCODE = 'insufficient_privilege',
        HINT = 'Let a superuser run: CREATE ROLE gateway_door NOLOGIN; GRANT gateway_door TO gateway_app WITH INHERIT FALSE;'
               ' before PostgreSQL 16: ALTER ROLE gateway_app NOINHERIT; CREATE ROLE gateway_door NOLOGIN;'
               ' GRANT gateway_door TO gateway_app;';
END
$$;
CREATE POLICY senders ON tokens FOR SELECT TO gateway_door USING (role = 'sender');
GRANT USAGE ON SCHEMA public TO gateway_door;
GRANT SELECT (tenant_id, id, hash, role, source, expires_at, revoked_at) ON tokens TO gateway_door;
GRANT SELECT (tokens_version) ON installation TO gateway_door;
