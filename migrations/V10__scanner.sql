-- What the scanner keeps since it has profiles: the latest bar and longer returns beside the signals, and runs that say from what and
-- by what they were computed. Kept signals are a cache: they are computed again.

DELETE FROM signals_latest;
DELETE FROM tidemarks WHERE job = 'scan';

ALTER TABLE signals_latest
    ADD COLUMN return_63 double precision,
    ADD COLUMN return_252 double precision,
    ADD COLUMN bars double precision,
    ADD COLUMN open double precision NOT NULL,
    ADD COLUMN high double precision NOT NULL,
    ADD COLUMN low double precision NOT NULL,
    ADD COLUMN volume double precision NOT NULL;
COMMENT ON COLUMN signals_latest.return_63 IS 'Close / close 63 bars before - 1, adjusted for splits but not for dividends.';
COMMENT ON COLUMN signals_latest.return_252 IS 'Close / close 252 bars before - 1, adjusted for splits but not for dividends.';
COMMENT ON COLUMN signals_latest.bars IS 'How many bars the signals were computed from, at most 300.';
COMMENT ON COLUMN signals_latest.open IS 'First price of the latest bar, as printed.';
COMMENT ON COLUMN signals_latest.high IS 'Highest price of the latest bar, as printed.';
COMMENT ON COLUMN signals_latest.low IS 'Lowest price of the latest bar, as printed.';
COMMENT ON COLUMN signals_latest.volume IS 'Shares traded in the latest bar, as printed.';

ALTER TABLE scan_runs
    ADD COLUMN profile_digest text,
    ADD COLUMN snapshot       text,
    ADD COLUMN timings        jsonb,
    ADD COLUMN fates          bytea;
COMMENT ON COLUMN scan_runs.profile_digest IS 'Digest of what the profile means; another one under the same name is an edited profile. Null in runs of older versions.';
COMMENT ON COLUMN scan_runs.snapshot IS 'What the run saw: its tidemark. Null in runs of older versions.';
COMMENT ON COLUMN scan_runs.timings IS 'Seconds by stage. Null in runs of older versions.';
COMMENT ON COLUMN scan_runs.fates IS 'A byte an instrument, at the place of its instrument_id: 0 had no bars, 1 listed, 2 and more what kept it out (scan explain names it). Null in runs of older versions.';

CREATE TABLE scan_cache (
    instrument_id integer PRIMARY KEY,
    panel_row     bytea NOT NULL
);
COMMENT ON TABLE scan_cache IS 'What an incremental scan starts from: the ranked panel of the last stored scan, in the program''s own form, because one value a row is read several times faster than eighty. For people the same is in signals_latest, features_day and instruments.';
COMMENT ON COLUMN scan_cache.instrument_id IS 'instruments.instrument_id.';
COMMENT ON COLUMN scan_cache.panel_row IS 'Ticker, type, sector, exchange, latest bar, signals and factors; the form belongs to the scan''s definitions.';

CREATE TABLE scan_cache_head (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    session_date    date NOT NULL,
    reference_at    timestamptz
);
COMMENT ON TABLE scan_cache_head IS 'What all rows of scan_cache have in common. One row, or none before the first scan.';
COMMENT ON COLUMN scan_cache_head.only_row IS 'Always true.';
COMMENT ON COLUMN scan_cache_head.session_date IS 'Session of the factors.';
COMMENT ON COLUMN scan_cache_head.reference_at IS 'When a list of tickers had last been applied; null where none had.';

CREATE TABLE change_log_horizon (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    pruned   xid8 NOT NULL
);
INSERT INTO change_log_horizon (pruned) VALUES ('0');
COMMENT ON TABLE change_log_horizon IS 'How far the change log was pruned: a reader whose tidemark is older starts from nothing. One row.';
COMMENT ON COLUMN change_log_horizon.only_row IS 'Always true.';
COMMENT ON COLUMN change_log_horizon.pruned IS 'The newest transaction whose changes were removed.';

COMMENT ON COLUMN change_log.topic IS 'bars, splits, dividends, shares, statements, instruments, sessions, minutes or features.';

CREATE FUNCTION wake_followers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY tidemark;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION wake_followers() IS 'Wakes the processes that follow the change log, when the writing transaction commits.';
CREATE TRIGGER wake_followers AFTER INSERT ON change_log FOR EACH STATEMENT EXECUTE FUNCTION wake_followers();
CREATE TRIGGER wake_followers AFTER INSERT OR UPDATE OR DELETE ON tidemarks FOR EACH STATEMENT EXECUTE FUNCTION wake_followers();
