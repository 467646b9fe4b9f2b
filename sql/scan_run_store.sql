-- Stores a run and forgets all but the latest $11, itself counted. $1 mode, $2 profile, $3 session, $4 digest of definitions,
-- $5 counts, $6 rows, $7 digest of the profile, $8 snapshot, $9 timings, $10 fates, $11 how many to keep, $12 what was
-- asked, $13 values of the order's keys, $14 unmet conditions, $15 values that conditions read. Returns the run's number. Caller: store::scan_runs.
WITH forgotten AS (
    DELETE FROM scan_runs
    WHERE run_id <= (SELECT run_id FROM scan_runs ORDER BY run_id DESC OFFSET $11::bigint - 1 LIMIT 1)
)
INSERT INTO scan_runs (mode, profile, session_date, definitions, counts, rows, profile_digest, snapshot, timings, fates, asked,
                       order_keys, unmet, read)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $13, $14, $15)
RETURNING run_id
