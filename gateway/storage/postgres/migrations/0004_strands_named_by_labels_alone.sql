-- A strand's key hangs on its labels alone from now on (N9E: on its hash at its source), and no more
-- on what a source ignored. So what fires is heard again under another key, and nothing would ever end
-- the strands known until now whose senders promise no repeats. They are given a day for it.
--
-- Row-level security is forced on the owner too: the tenants are visited one by one.

DO $$
DECLARE
    visited integer;
BEGIN
    FOR visited IN SELECT tenant_id FROM tenants LOOP
        PERFORM set_config('app.tenant', visited::text, true);
        UPDATE strands SET lease_until = now() + interval '1 day', lease_check_at = now() + interval '1 day'
        WHERE tenant_id = visited AND firing AND NOT expired AND lease_until = 'infinity';
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END
$$;
