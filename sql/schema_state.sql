-- Digest of the applied views and calendar, edition of TimescaleDB (apache, or timescale: community), and what aggregates are
-- applied. One row. Caller: store::migrate.
SELECT coalesce((SELECT digest FROM schema_applied), ''),
       current_setting('timescaledb.license'),
       coalesce((SELECT aggregates FROM schema_applied), '')
