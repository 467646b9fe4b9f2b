-- Version of TimescaleDB in this database. One row, one text; none without it. Caller: store::migrate.
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'
