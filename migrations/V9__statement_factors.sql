-- Statement factors beside the price factors, the families, and a ledger of refreshes. The comments of factor columns come from the
-- program's definitions (sql/views/features_day.sql).

ALTER TABLE features_day
    ADD COLUMN earnings_yield double precision,
    ADD COLUMN book_to_price double precision,
    ADD COLUMN sales_to_price double precision,
    ADD COLUMN cashflow_to_price double precision,
    ADD COLUMN fcf_yield double precision,
    ADD COLUMN ebitda_to_ev double precision,
    ADD COLUMN roe double precision,
    ADD COLUMN roa double precision,
    ADD COLUMN gross_profitability double precision,
    ADD COLUMN gross_margin double precision,
    ADD COLUMN operating_margin double precision,
    ADD COLUMN cfo_to_assets double precision,
    ADD COLUMN accruals double precision,
    ADD COLUMN leverage double precision,
    ADD COLUMN current_ratio double precision,
    ADD COLUMN earnings_variability double precision,
    ADD COLUMN piotroski_f double precision,
    ADD COLUMN sales_growth double precision,
    ADD COLUMN eps_growth double precision,
    ADD COLUMN asset_growth double precision;

ALTER TABLE factors ADD COLUMN inputs text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN factors.inputs IS 'What it is computed from: columns of bars_day and statements, splits, dividends.';
COMMENT ON COLUMN factors.version IS 'Raised when the definition changes; the column is then computed again.';

CREATE TABLE families (
    name    text PRIMARY KEY,
    members text[] NOT NULL
);
COMMENT ON TABLE families IS 'The families of factors, written by features refresh from the program''s own definitions.';
COMMENT ON COLUMN families.name IS 'Column of feature_scores; the sector-neutral score adds _sn.';
COMMENT ON COLUMN families.members IS 'Factors whose z-scores enter the score, in the order in which they are added.';

-- Its columns change places: families first, then a z-score a factor, so that later factors can go to its end.
DROP VIEW IF EXISTS feature_scores;

CREATE TABLE refresh_runs (
    run_id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at       timestamptz,
    reason            text NOT NULL,
    instruments       integer,
    rows_computed     bigint,
    rows_added        bigint,
    rows_changed      bigint,
    rows_removed      bigint,
    sections_computed integer,
    sections_changed  integer,
    reading_ms        integer,
    computing_ms      integer,
    writing_ms        integer
);
COMMENT ON TABLE refresh_runs IS 'The latest 1,000 refreshes of the feature store: what each found to do, did, and how long its stages took.';
COMMENT ON COLUMN refresh_runs.run_id IS 'Order of the runs.';
COMMENT ON COLUMN refresh_runs.started_at IS 'When it had read its work.';
COMMENT ON COLUMN refresh_runs.finished_at IS 'When it had stored its tidemark; null while it runs, and for one that died.';
COMMENT ON COLUMN refresh_runs.reason IS 'Why it computed what it computed.';
COMMENT ON COLUMN refresh_runs.instruments IS 'Instruments with something to compute.';
COMMENT ON COLUMN refresh_runs.rows_computed IS 'Rows of features_day that were computed and compared.';
COMMENT ON COLUMN refresh_runs.rows_added IS 'Rows that were not there.';
COMMENT ON COLUMN refresh_runs.rows_changed IS 'Rows with another value, which were rewritten.';
COMMENT ON COLUMN refresh_runs.rows_removed IS 'Rows whose bar is gone.';
COMMENT ON COLUMN refresh_runs.sections_computed IS 'Sessions whose cross-section was computed.';
COMMENT ON COLUMN refresh_runs.sections_changed IS 'Sessions whose moments differed and were rewritten.';
COMMENT ON COLUMN refresh_runs.reading_ms IS 'Milliseconds of reading bars, statements and stored rows. Stages overlap: their sum can exceed the time of the run.';
COMMENT ON COLUMN refresh_runs.computing_ms IS 'Milliseconds of arithmetic and comparison.';
COMMENT ON COLUMN refresh_runs.writing_ms IS 'Milliseconds of writing rows and moments.';
