-- Notes what refresh $1 did: $2 instruments, $3 to $6 rows computed, added, changed, removed, $7 and $8 sections computed and
-- changed, $9 to $11 milliseconds of reading, computing and writing. Caller: store::refresh_runs.
UPDATE refresh_runs
SET finished_at = clock_timestamp(), instruments = $2, rows_computed = $3, rows_added = $4, rows_changed = $5,
    rows_removed = $6, sections_computed = $7, sections_changed = $8, reading_ms = $9, computing_ms = $10, writing_ms = $11
WHERE run_id = $1
