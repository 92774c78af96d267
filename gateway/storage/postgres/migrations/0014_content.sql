-- What binds a ticket to other tickets, to the world and to people: links, references, watchers. A duplicate stands for
-- its original: while it is live, another ticket may be live for its merge key.

CREATE TABLE ticket_links (
    tenant_id  integer      NOT NULL,
    kind       text         COLLATE "C" NOT NULL
               CHECK (kind IN ('parent', 'blocks', 'relates', 'review_of', 'action_of', 'converted_from')),
    from_id    text         COLLATE "C" NOT NULL,
    to_id      text         COLLATE "C" NOT NULL,
    author     text         NOT NULL,
    at         timestamptz  NOT NULL,
    PRIMARY KEY (tenant_id, kind, from_id, to_id),
    FOREIGN KEY (tenant_id, from_id) REFERENCES tickets,
    FOREIGN KEY (tenant_id, to_id) REFERENCES tickets,
    CHECK (from_id <> to_id),
    CHECK (kind <> 'relates' OR from_id < to_id)
);
COMMENT ON TABLE ticket_links IS 'Ticket to ticket. What a ticket duplicates and what it follows are columns of its own.';
CREATE INDEX ticket_links_from ON ticket_links (tenant_id, from_id, kind, to_id);
CREATE INDEX ticket_links_to ON ticket_links (tenant_id, to_id, kind, from_id);
CREATE UNIQUE INDEX ticket_links_one_parent ON ticket_links (tenant_id, to_id) WHERE kind = 'parent';
CREATE UNIQUE INDEX ticket_links_one_review ON ticket_links (tenant_id, to_id) WHERE kind = 'review_of';
CREATE UNIQUE INDEX ticket_links_one_reviewed ON ticket_links (tenant_id, from_id) WHERE kind = 'review_of';

CREATE TABLE ticket_refs (
    tenant_id  integer  NOT NULL,
    ticket_id  text     COLLATE "C" NOT NULL,
    kind       text     COLLATE "C" NOT NULL,
    reference  text     COLLATE "C" NOT NULL,
    title      text     NOT NULL DEFAULT '',
    url        text     NOT NULL DEFAULT '' CHECK (url = '' OR url ~ '^https?://'),
    PRIMARY KEY (tenant_id, ticket_id, kind, reference),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets
);
COMMENT ON TABLE ticket_refs IS 'Ticket to the world: assets, services, evidence and the like, which live elsewhere.';
CREATE INDEX ticket_refs_to ON ticket_refs (tenant_id, kind, reference, ticket_id);

CREATE TABLE watchers (
    tenant_id  integer  NOT NULL,
    ticket_id  text     COLLATE "C" NOT NULL,
    user_id    text     COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id, user_id),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets
);
COMMENT ON COLUMN watchers.user_id IS 'Of a user; or the actor, of who has none.';
CREATE INDEX watchers_of_user ON watchers (tenant_id, user_id);

DO $$
DECLARE
    isolated text;
BEGIN
    FOREACH isolated IN ARRAY ARRAY['ticket_links', 'ticket_refs', 'watchers'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', isolated);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', isolated);
        EXECUTE format(
            'CREATE POLICY one_tenant ON %I USING (tenant_id = (SELECT nullif(current_setting(''app.tenant'', true), '''')::integer))',
            isolated);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO gateway_app', isolated);
    END LOOP;
END
$$;

DROP INDEX tickets_one_live;
CREATE UNIQUE INDEX tickets_one_live ON tickets (tenant_id, merge_key)
    WHERE merge_key IS NOT NULL AND status IN ('open', 'in_progress', 'pending') AND duplicate_of IS NULL;
CREATE INDEX tickets_of_original ON tickets (tenant_id, duplicate_of, id) WHERE duplicate_of IS NOT NULL;
-- Those that are to end with it: a duty asks.
CREATE INDEX tickets_duplicates_to_end ON tickets (tenant_id, duplicate_of)
    WHERE duplicate_of IS NOT NULL AND status IN ('open', 'in_progress', 'pending', 'resolved');
GRANT SELECT (id, duplicate_of) ON tickets TO gateway_clock;
