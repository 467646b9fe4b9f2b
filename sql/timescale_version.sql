-- Version of TimescaleDB in this database. One row, one text. Caller: store::migrate.
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'
