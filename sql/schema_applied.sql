-- Notes which views and which calendar are applied. $1 digest. Repeatable. Caller: store::sessions.
INSERT INTO schema_applied (digest) VALUES ($1)
ON CONFLICT (only_row) DO UPDATE SET digest = excluded.digest
