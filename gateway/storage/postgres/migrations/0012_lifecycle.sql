-- What is declared (workflows, fields, projects …), in all its versions; and a ticket's place in its workflow, what its
-- priority is worked out from, and how it ended. Constants or null only: no row is rewritten, and a replica of the
-- release before can still insert.

CREATE TABLE declarations (
    tenant_id    integer      NOT NULL,
    kind         text         COLLATE "C" NOT NULL,
    name         text         COLLATE "C" NOT NULL,
    version      integer      NOT NULL CHECK (version > 0),
    body         jsonb        NOT NULL,
    checksum     bytea        NOT NULL CHECK (octet_length(checksum) = 32),
    declared_at  timestamptz  NOT NULL,
    origin       text         NOT NULL CHECK (origin IN ('shipped', 'config', 'api')),
    PRIMARY KEY (tenant_id, kind, name, version)
);
COMMENT ON TABLE declarations IS 'Append-only: whatever was ever declared, each version whole.';

CREATE TABLE declared (
    tenant_id     integer      NOT NULL,
    kind          text         COLLATE "C" NOT NULL,
    name          text         COLLATE "C" NOT NULL,
    version       integer      NOT NULL,
    place         integer      NOT NULL DEFAULT 0,
    revision      bigint       NOT NULL DEFAULT 0,
    withdrawn_at  timestamptz,
    PRIMARY KEY (tenant_id, kind, name),
    FOREIGN KEY (tenant_id, kind, name, version) REFERENCES declarations
);
COMMENT ON TABLE declared IS 'Which version is the current one; withdrawn: none is declared any more, the last one is kept.';

COMMENT ON COLUMN declared.place IS 'In the order in which they are listed: of workflows the first that fits is taken.';
COMMENT ON COLUMN declared.revision IS 'The greatest that a configuration had that declared this tenant''s.';

ALTER TABLE tenants
    ADD COLUMN declared_version bigint NOT NULL DEFAULT 0,
    ADD COLUMN ticketing boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN tenants.declared_version IS 'Moves with every change of what is declared: books that are older are read anew.';
ALTER TABLE installation ADD COLUMN finished_release integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN installation.finished_release IS 'No replica runs whose schema is older than this: new tickets may take what such a one does not know.';
-- A database that begins here has no older replica.
UPDATE installation SET finished_release = 12 WHERE NOT EXISTS (SELECT FROM journal_progress);

ALTER TABLE tickets
    ADD COLUMN state text,
    ADD COLUMN state_before text,
    ADD COLUMN project text NOT NULL DEFAULT '',
    ADD COLUMN catalog_item text NOT NULL DEFAULT '',
    ADD COLUMN duplicate_of text,
    ADD COLUMN priority_by text NOT NULL DEFAULT 'matrix' CHECK (priority_by IN ('matrix', 'rule', 'person')),
    ADD COLUMN workflow_before text NOT NULL DEFAULT '',
    ADD COLUMN resolution text NOT NULL DEFAULT '',
    ADD COLUMN resolution_note text NOT NULL DEFAULT '',
    ADD COLUMN resolved_by text NOT NULL DEFAULT '',
    ADD COLUMN close_at timestamptz;
COMMENT ON COLUMN tickets.state IS 'The workflow''s own name of its place; null: named like the status.';
COMMENT ON COLUMN tickets.priority_by IS 'Who set the priority: a person outweighs a rule, a rule the matrix.';
COMMENT ON COLUMN tickets.workflow_before IS 'What standing down returns to.';

DO $$
DECLARE
    isolated text;
BEGIN
    FOREACH isolated IN ARRAY ARRAY['declarations', 'declared'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', isolated);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', isolated);
        EXECUTE format(
            'CREATE POLICY one_tenant ON %I USING (tenant_id = (SELECT nullif(current_setting(''app.tenant'', true), '''')::integer))',
            isolated);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON declarations TO gateway_app;
GRANT SELECT, INSERT, UPDATE ON declared TO gateway_app;
GRANT UPDATE (declared_version, ticketing) ON tenants TO gateway_app;
