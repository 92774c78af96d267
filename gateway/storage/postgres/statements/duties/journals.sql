-- name: drained_until
-- What was received by then is applied, whichever journal took it in. One that was not heard of for a day is on a
-- lost host.
SELECT greatest(least($1::timestamptz, min(drained_at)), 'epoch') FROM journal_progress
WHERE updated_at > now() - interval '1 day'
