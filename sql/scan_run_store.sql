-- Stores a run and forgets all but the latest 1,000. $1 mode, $2 profile, $3 session, $4 digest of definitions, $5 counts,
-- $6 rows, $7 digest of the profile, $8 snapshot, $9 timings, $10 fates. Returns the run's number. Caller: store::signals.
WITH forgotten AS (
    DELETE FROM scan_runs WHERE run_id <= (SELECT max(run_id) FROM scan_runs) - 999
)
INSERT INTO scan_runs (mode, profile, session_date, definitions, counts, rows, profile_digest, snapshot, timings, fates)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING run_id
