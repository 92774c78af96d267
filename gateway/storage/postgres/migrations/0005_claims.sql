-- Which start and which lease of a strand hold depends on the resolves alone, in whatever order all
-- of it arrives: so a strand keeps what its firing sightings claim, as long as no resolve ends it.

ALTER TABLE strands ADD COLUMN claims bytea NOT NULL DEFAULT '', ADD COLUMN unended_at timestamptz;
COMMENT ON COLUMN strands.claims IS 'Starts that stand: of each its start (-2^63: not named), last receipt and lease (2^63-1: none), as int8 microseconds.';
COMMENT ON COLUMN strands.unended_at IS 'Greatest receipt of a resolve that named no end of its own: it ends all that was received before.';
COMMENT ON COLUMN strands.fired_at IS 'Greatest starts_at of its firing sightings, whether it stands or not.';
COMMENT ON COLUMN strands.last_firing_at IS 'Greatest receipt of what stands.';
COMMENT ON COLUMN strands.lease_until IS 'Greatest lease of what stands; infinity: some source of it promises no repeats.';
COMMENT ON TABLE strands IS 'One source alert: greatests of its resolves, and the claims that stand against them; any order of delivery gives the same row.';

-- Row-level security is forced on the owner too: the tenants are visited one by one.
DO $$
DECLARE
    visited integer;
BEGIN
    FOR visited IN SELECT tenant_id FROM tenants LOOP
        PERFORM set_config('app.tenant', visited::text, true);
        UPDATE strands
        SET claims = int8send(CASE WHEN fired_at > coalesce(resolved_at, '-infinity')
                                   THEN (extract(epoch FROM fired_at) * 1000000)::bigint
                                   ELSE (-9223372036854775808)::bigint END)
                  || int8send((extract(epoch FROM coalesce(last_firing_at, last_seen)) * 1000000)::bigint)
                  || int8send(CASE WHEN coalesce(lease_until, 'infinity') = 'infinity' THEN 9223372036854775807
                                   ELSE (extract(epoch FROM lease_until) * 1000000)::bigint END)
        WHERE tenant_id = visited AND firing;
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END
$$;
