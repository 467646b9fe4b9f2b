-- Writes what a load changed to the change log: share counts and all else apart, each from the earliest filing on, to the end.
-- Grain: topic and instrument. Caller: store::statements.
INSERT INTO change_log (topic, instrument_id, from_session)
SELECT 'shares', instrument_id, min(filing_date) FROM statement_changes WHERE shares GROUP BY instrument_id
UNION ALL
SELECT 'statements', instrument_id, min(filing_date) FROM statement_changes WHERE others GROUP BY instrument_id
