-- The edition of TimescaleDB: apache, or timescale (community). One row, one text. Caller: store::aggregates.
SELECT current_setting('timescaledb.license')
