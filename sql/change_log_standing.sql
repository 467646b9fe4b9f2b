-- Where a follower stands whose last snapshot was $1 (text; null: it has none), in which the transaction $2 (text) was the last that
-- pruned the log. One row: this snapshot, this cluster, whether changes that it has not read may have been pruned since, when a list of
-- tickers was last applied, and which transaction pruned last. Caller: store::change_log.
SELECT pg_current_snapshot()::text,
       (SELECT system_identifier FROM pg_control_system()),
       $1::text IS NULL OR h.xmin::text IS DISTINCT FROM $2::text AND h.pruned >= pg_snapshot_xmin($1::text::pg_snapshot),
       (SELECT max(loaded_at) FROM reference_loads),
       h.xmin::text
FROM change_log_horizon AS h
