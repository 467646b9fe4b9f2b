-- This transaction's snapshot, this cluster, and the stored tidemark of job $1 (nulls where it has none). One row.
-- Caller: store::change_log.
SELECT pg_current_snapshot()::text, s.system_identifier, t.system_identifier, t.definitions, t.snapshot::text
FROM pg_control_system() AS s
LEFT JOIN tidemarks AS t ON t.job = $1
