-- What a stored run needs to be shown as it was printed and compared with another: what was asked of it, by which values it was
-- ordered, and which condition an instrument did not meet.

ALTER TABLE scan_runs
    ADD COLUMN asked      jsonb,
    ADD COLUMN order_keys jsonb,
    ADD COLUMN unmet      bytea,
    ADD COLUMN read       jsonb;
CREATE INDEX scan_runs_by_profile ON scan_runs (profile, run_id);
COMMENT ON TABLE scan_runs IS 'The latest stored scans, 1,000 unless the setting scan_runs_kept says otherwise: what was asked, what was counted at every stage, and the answer.';
COMMENT ON COLUMN scan_runs.definitions IS 'Digest of the definitions of signals.';
COMMENT ON COLUMN scan_runs.rows IS 'The listed rows, best first, at most 1,000 (older versions: 100).';
COMMENT ON COLUMN scan_runs.asked IS 'What the profile asked: columns with their units, conditions with what each reads, order, limit, sector cap, universe. Null in runs of older versions.';
COMMENT ON COLUMN scan_runs.order_keys IS 'Values of the order''s keys of each row of rows, a list a row. Null in runs of older versions.';
COMMENT ON COLUMN scan_runs.unmet IS 'A byte an instrument, at the place of its instrument_id: 0 met every condition or was not asked, else the number of the first condition of asked that was not true. Null in runs of older versions.';
COMMENT ON COLUMN scan_runs.read IS 'Values of the columns that the conditions read, by instrument_id: of rows, and of what the run before of the same profile listed and this one does not. Null in runs of older versions.';
