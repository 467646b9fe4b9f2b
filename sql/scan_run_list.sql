-- The latest runs, newest first, without their rows. $1 how many, $2 profile (text; null: any). A run a row: number, when, mode,
-- profile, session, digests of definitions and profile, counts, timings, how many rows are stored. Caller: store::run_list.
SELECT run_id, finished_at, mode, profile, session_date, definitions, profile_digest, counts, timings,
       jsonb_array_length(rows)
FROM scan_runs
WHERE $2::text IS NULL OR profile = $2
ORDER BY run_id DESC
LIMIT $1
