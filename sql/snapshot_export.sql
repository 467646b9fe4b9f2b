-- A name under which another connection can read in this transaction's snapshot, for as long as it lasts. One row.
-- Caller: store::change_log.
SELECT pg_export_snapshot()
