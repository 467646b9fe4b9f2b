-- How many runs are kept, and the numbers of the oldest and the latest; null where there is none. One row. Caller: store::scan_runs.
SELECT count(*), min(run_id), max(run_id) FROM scan_runs
