-- Notes that a refresh begins, and forgets all but the latest 1,000. $1 its reason. Returns the run's number.
-- Caller: store::refresh_runs.
WITH forgotten AS (
    DELETE FROM refresh_runs WHERE run_id <= (SELECT max(run_id) FROM refresh_runs) - 999
)
INSERT INTO refresh_runs (reason) VALUES ($1)
RETURNING run_id
