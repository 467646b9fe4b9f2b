-- Who changed what, how far each job has read it, and what was loaded.

CREATE TABLE change_log (
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    topic           text NOT NULL,
    instrument_id   integer NOT NULL,
    from_session    date NOT NULL,
    through_session date
);
CREATE INDEX change_log_xid ON change_log (xid);
COMMENT ON TABLE change_log IS 'Appended in the transaction that changes the data. A reader''s work is every row whose transaction became visible after the reader''s tidemark.';
COMMENT ON COLUMN change_log.xid IS 'The writing transaction.';
COMMENT ON COLUMN change_log.topic IS 'bars, splits, dividends, shares or instruments.';
COMMENT ON COLUMN change_log.instrument_id IS 'The instrument that changed.';
COMMENT ON COLUMN change_log.from_session IS 'Earliest day that changed.';
COMMENT ON COLUMN change_log.through_session IS 'Latest day that changed; null: everything from from_session on.';

CREATE TABLE tidemarks (
    job               text PRIMARY KEY,
    snapshot          pg_snapshot NOT NULL,
    system_identifier bigint NOT NULL,
    definitions       text NOT NULL,
    stored_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tidemarks IS 'The line each job has read up to: what was visible to its last run.';
COMMENT ON COLUMN tidemarks.job IS 'features or scan.';
COMMENT ON COLUMN tidemarks.snapshot IS 'pg_current_snapshot() of the run''s reading transaction.';
COMMENT ON COLUMN tidemarks.system_identifier IS 'The cluster whose transaction numbers the snapshot speaks of; in another cluster the job starts from nothing.';
COMMENT ON COLUMN tidemarks.definitions IS 'Digest of the job''s own definitions; when it differs the job starts from nothing.';
COMMENT ON COLUMN tidemarks.stored_at IS 'When the run was stored.';

CREATE TABLE loads (
    load_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_date date NOT NULL,
    source       text NOT NULL,
    origin       text NOT NULL,
    selection    text NOT NULL,
    etag         text,
    digest       bytea NOT NULL,
    bars         integer NOT NULL,
    set_aside    integer NOT NULL,
    loaded_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX loads_session ON loads (session_date, load_id DESC);
COMMENT ON TABLE loads IS 'Ledger of ingest backfill: one row for every session loaded, written with its bars; the latest row of a session tells its present state.';
COMMENT ON COLUMN loads.load_id IS 'Order of the loads.';
COMMENT ON COLUMN loads.session_date IS 'The session.';
COMMENT ON COLUMN loads.source IS 'flatfiles or rest.';
COMMENT ON COLUMN loads.origin IS 'File or path of the vendor''s API, without any key.';
COMMENT ON COLUMN loads.selection IS 'Empty for the whole market, else the tickers asked for, comma-separated.';
COMMENT ON COLUMN loads.etag IS 'Vendor''s ETag; null for local files.';
COMMENT ON COLUMN loads.digest IS 'SHA-256 of the file, or of the bars of an answer: what is equal needs no second load.';
COMMENT ON COLUMN loads.bars IS 'Bars that the source has for the session (after selection).';
COMMENT ON COLUMN loads.set_aside IS 'Rows of the source that were not loaded.';
COMMENT ON COLUMN loads.loaded_at IS 'When.';

CREATE TABLE schema_applied (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    digest   text NOT NULL
);
COMMENT ON TABLE schema_applied IS 'What the programs applied besides the migrations.';
COMMENT ON COLUMN schema_applied.only_row IS 'There is one row.';
COMMENT ON COLUMN schema_applied.digest IS 'SHA-256 of the views and of the calendar.';
