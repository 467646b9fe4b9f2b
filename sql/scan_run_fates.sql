-- What became of whom in the latest run of the profile $1; null in one of an older version. One row or none. Caller: store::scan_runs.
SELECT fates FROM scan_runs WHERE profile = $1 ORDER BY run_id DESC LIMIT 1
