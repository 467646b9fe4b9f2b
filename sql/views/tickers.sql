-- The ticker that each instrument has now, or had last. Grain: instrument.
CREATE OR REPLACE VIEW tickers AS
SELECT DISTINCT ON (instrument_id) instrument_id, ticker, until_date IS NULL AS current
FROM ticker_periods
ORDER BY instrument_id, from_date DESC;
COMMENT ON VIEW tickers IS 'The ticker that each instrument has now, or had last.';
COMMENT ON COLUMN tickers.instrument_id IS 'The instrument.';
COMMENT ON COLUMN tickers.ticker IS 'Its latest ticker.';
COMMENT ON COLUMN tickers.current IS 'Whether it still has it.'
