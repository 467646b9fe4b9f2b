-- The number of the run before the run $1 of the same profile. One row or none. Caller: store::scan_runs.
SELECT older.run_id
FROM scan_runs AS this
JOIN scan_runs AS older USING (profile)
WHERE this.run_id = $1 AND older.run_id < $1
ORDER BY older.run_id DESC
LIMIT 1
