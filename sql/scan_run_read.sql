-- The run $1. One row or none. Caller: store::scan_runs.
SELECT run_id, finished_at, mode, profile, session_date, definitions, counts, rows, profile_digest, snapshot, timings, fates, asked,
       order_keys, unmet, read
FROM scan_runs
WHERE run_id = $1
