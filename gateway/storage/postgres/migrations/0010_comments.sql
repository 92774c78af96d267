-- Comments on tickets, and what they said before they were edited. Their digests stand in the history of the ticket.

CREATE TABLE comments (
    tenant_id     integer      NOT NULL,
    ticket_id     text         COLLATE "C" NOT NULL,
    id            text         COLLATE "C" NOT NULL,
    author        text         NOT NULL,
    visibility    text         NOT NULL CHECK (visibility IN ('internal', 'auditor_visible')),
    body          text         NOT NULL,
    salt          bytea        NOT NULL,
    mentions      jsonb        NOT NULL DEFAULT '[]',
    at            timestamptz  NOT NULL,
    edited_at     timestamptz,
    retracted_at  timestamptz,
    PRIMARY KEY (tenant_id, ticket_id, id),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets,
    CHECK (retracted_at IS NULL OR body = '')
);
COMMENT ON COLUMN comments.salt IS 'With the body it makes the digest in the history.';

CREATE TABLE comment_revisions (
    tenant_id   integer      NOT NULL,
    ticket_id   text         COLLATE "C" NOT NULL,
    comment_id  text         COLLATE "C" NOT NULL,
    number      integer      NOT NULL,
    body        text         NOT NULL,
    salt        bytea        NOT NULL,
    at          timestamptz  NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id, comment_id, number),
    FOREIGN KEY (tenant_id, ticket_id, comment_id) REFERENCES comments
);
COMMENT ON TABLE comment_revisions IS 'What a comment said before it was edited; gone when it is retracted.';

DO $$
DECLARE
    isolated text;
BEGIN
    FOREACH isolated IN ARRAY ARRAY['comments', 'comment_revisions'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', isolated);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', isolated);
        EXECUTE format(
            'CREATE POLICY one_tenant ON %I USING (tenant_id = (SELECT nullif(current_setting(''app.tenant'', true), '''')::integer))',
            isolated);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO gateway_app', isolated);
    END LOOP;
END
$$;
GRANT DELETE ON comment_revisions TO gateway_app;
