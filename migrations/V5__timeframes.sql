-- Loads and revisions of minute bars stand beside those of daily ones; the change log knows more topics.

ALTER TABLE loads ADD COLUMN timeframe text NOT NULL DEFAULT 'day' CHECK (timeframe IN ('day', 'minute'));
ALTER TABLE loads ALTER COLUMN timeframe DROP DEFAULT;
DROP INDEX loads_session;
CREATE INDEX loads_session ON loads (timeframe, session_date, load_id DESC);
COMMENT ON COLUMN loads.timeframe IS 'Which bars of the session were loaded: day or minute.';
COMMENT ON COLUMN loads.source IS 'flatfiles, s3 or rest.';
COMMENT ON COLUMN loads.etag IS 'Vendor''s ETag of a flat file, by which a replaced file is noticed; null for other sources.';

ALTER TABLE bar_revisions ADD COLUMN bar_start timestamptz;
COMMENT ON COLUMN bar_revisions.bar_start IS 'Start of a minute bar; null for a daily bar.';

COMMENT ON COLUMN change_log.topic IS 'bars, splits, dividends, shares, statements, instruments, sessions or minutes.';
