-- Removes what both jobs have read: what is visible in the tidemarks of both (of features that a refresh wrote itself, in the scan's), of this cluster; and rows of transactions that
-- this cluster has not begun yet, which can only come from a restore. Moves the horizon by which followers know that they missed
-- some; its row is written whenever some went, so that its transaction tells one pruning from the next. Repeatable. Caller: store::change_log.
WITH marks AS MATERIALIZED (
    SELECT (array_agg(t.snapshot) FILTER (WHERE t.job = 'features'))[1] AS of_features,
           (array_agg(t.snapshot) FILTER (WHERE t.job = 'scan'))[1] AS of_scan
    FROM tidemarks AS t
    JOIN pg_control_system() AS s USING (system_identifier)
    HAVING count(*) = 2
),
removed AS (
    DELETE FROM change_log AS c
    WHERE c.xid >= pg_snapshot_xmax(pg_current_snapshot())
        OR EXISTS (
            SELECT FROM marks
            WHERE pg_visible_in_snapshot(c.xid, marks.of_scan)
                AND (c.topic = 'features' OR pg_visible_in_snapshot(c.xid, marks.of_features))
        )
    RETURNING c.xid
),
newest AS (
    SELECT max(xid) AS xid FROM removed WHERE xid < pg_snapshot_xmax(pg_current_snapshot())
)
UPDATE change_log_horizon AS h
SET pruned = greatest(newest.xid, h.pruned)
FROM newest
WHERE newest.xid IS NOT NULL
