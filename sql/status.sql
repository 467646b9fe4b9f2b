-- Version, edition and counts of the small tables. One row. Caller: store::status.
SELECT (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
       current_setting('timescaledb.license'),
       (SELECT count(*) FROM instruments WHERE has_bars),
       (SELECT count(*) FROM splits),
       (SELECT count(*) FROM dividends),
       (SELECT count(*) FROM shares_outstanding),
       (SELECT count(*) FROM bar_revisions)
