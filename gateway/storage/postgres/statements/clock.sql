-- name: become_clock
-- Until the transaction ends. Every question has its index; a plan that was made while a table was small would read
-- all of it, for each tenant, until somebody analyses it.
SELECT set_config('role', 'gateway_clock', true), set_config('enable_seqscan', 'off', true)

-- name: become_door
-- Until the transaction ends.
SELECT set_config('role', 'gateway_door', true)
