-- Removes what both jobs have read: what is visible in the tidemarks of both, of this cluster; and rows of transactions that
-- this cluster has not begun yet, which can only come from a restore. Moves the horizon by which followers know that they missed
-- some. Repeatable. Caller: store::change_log.
WITH marks AS MATERIALIZED (
    SELECT (array_agg(t.snapshot))[1] AS one, (array_agg(t.snapshot))[2] AS other
    FROM tidemarks AS t
    JOIN pg_control_system() AS s USING (system_identifier)
    HAVING count(*) = 2
),
removed AS (
    DELETE FROM change_log AS c
    WHERE c.xid >= pg_snapshot_xmax(pg_current_snapshot())
        OR EXISTS (
            SELECT FROM marks
            WHERE pg_visible_in_snapshot(c.xid, marks.one) AND pg_visible_in_snapshot(c.xid, marks.other)
        )
    RETURNING c.xid
),
newest AS (
    SELECT max(xid) AS xid FROM removed WHERE xid < pg_snapshot_xmax(pg_current_snapshot())
)
UPDATE change_log_horizon AS h
SET pruned = newest.xid
FROM newest
WHERE newest.xid > h.pruned
