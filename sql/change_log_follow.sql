-- What became visible since the snapshot $1 (text), of all topics. Grain: topic and instrument, ascending; a last day of null means to
-- the end. Repeatable within a snapshot. Caller: store::change_log.
SELECT c.topic,
       c.instrument_id,
       min(c.from_session),
       CASE WHEN bool_or(c.through_session IS NULL) THEN NULL ELSE max(c.through_session) END
FROM change_log AS c
WHERE c.xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(c.xid, $1::text::pg_snapshot)
GROUP BY c.topic, c.instrument_id
ORDER BY c.topic, c.instrument_id
