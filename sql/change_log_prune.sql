-- Removes what every job has read, once both jobs have a tidemark of this cluster; and rows of transactions that this
-- cluster has not begun yet, which can only come from a restore. Repeatable. Caller: store::change_log.
DELETE FROM change_log
WHERE xid < (
        SELECT CASE WHEN count(*) = 2 THEN min(pg_snapshot_xmin(t.snapshot)) END
        FROM tidemarks AS t
        JOIN pg_control_system() AS s USING (system_identifier)
    )
    OR xid >= pg_snapshot_xmax(pg_current_snapshot())
