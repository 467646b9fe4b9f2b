-- Instruments whose type or sector changed since the tidemark of job $1. Grain: instrument, ascending. Repeatable within a
-- snapshot. Caller: store::change_log.
SELECT DISTINCT c.instrument_id
FROM tidemarks AS t
JOIN change_log AS c
    ON c.xid >= pg_snapshot_xmin(t.snapshot) AND NOT pg_visible_in_snapshot(c.xid, t.snapshot)
WHERE t.job = $1 AND c.topic = 'instruments'
ORDER BY c.instrument_id
