-- Edition and digest of the aggregates as they were created; empty before that. One row. Caller: store::migrate.
SELECT coalesce((SELECT aggregates FROM schema_applied), '')
