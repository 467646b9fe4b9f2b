-- Version of the newest migration, digest of the applied views and calendar, edition of TimescaleDB (apache, or timescale:
-- community), and what aggregates are applied. One row. Caller: store::migrate.
SELECT (SELECT coalesce(max(version), 0) FROM refinery_schema_history)::integer,
       coalesce((SELECT digest FROM schema_applied), ''),
       current_setting('timescaledb.license'),
       coalesce((SELECT aggregates FROM schema_applied), '')
