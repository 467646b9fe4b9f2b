-- Notes which views, which calendar and which aggregates are applied. $1 digest of all, $2 edition and digest of the
-- aggregates. Repeatable. Caller: store::migrate.
INSERT INTO schema_applied (digest, aggregates) VALUES ($1, $2)
ON CONFLICT (only_row) DO UPDATE SET digest = excluded.digest, aggregates = excluded.aggregates
