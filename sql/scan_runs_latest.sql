-- The number of the latest run of the profile $1 (null: of any). One row or none. Caller: store::scan_runs.
SELECT run_id FROM scan_runs WHERE profile = $1 OR $1 IS NULL ORDER BY run_id DESC LIMIT 1
