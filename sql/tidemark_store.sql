-- Stores a tidemark. $1 job, $2 snapshot, $3 system identifier, $4 digest of definitions. Repeatable.
-- Caller: store::change_log.
INSERT INTO tidemarks (job, snapshot, system_identifier, definitions, stored_at)
VALUES ($1, $2::text::pg_snapshot, $3, $4, now())
ON CONFLICT (job) DO UPDATE
SET snapshot = excluded.snapshot,
    system_identifier = excluded.system_identifier,
    definitions = excluded.definitions,
    stored_at = excluded.stored_at
