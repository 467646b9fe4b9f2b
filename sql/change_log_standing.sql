-- Where a follower stands whose last snapshot was $1 (text; null: it has none). One row: this snapshot, this cluster, whether
-- changes that it has not read were pruned, and when a list of tickers was last applied. Caller: store::change_log.
SELECT pg_current_snapshot()::text,
       (SELECT system_identifier FROM pg_control_system()),
       $1::text IS NULL OR h.pruned >= pg_snapshot_xmin($1::text::pg_snapshot),
       (SELECT max(loaded_at) FROM reference_loads)
FROM change_log_horizon AS h
