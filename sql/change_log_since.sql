-- What became visible since the tidemark of job $1 in its topics $2 (text[]), however late it was committed. Grain: instrument,
-- ascending; a last day of null means to the end. Repeatable within a snapshot. Caller: store::change_log.
SELECT c.instrument_id,
       min(c.from_session),
       CASE WHEN bool_or(c.through_session IS NULL) THEN NULL ELSE max(c.through_session) END
FROM tidemarks AS t
JOIN change_log AS c
    ON c.xid >= pg_snapshot_xmin(t.snapshot) AND NOT pg_visible_in_snapshot(c.xid, t.snapshot)
WHERE t.job = $1 AND c.topic = ANY ($2)
GROUP BY c.instrument_id
ORDER BY c.instrument_id
