-- All ticker periods. Grain: ticker and first day.
-- Caller: store::instruments and store::checks.
SELECT ticker, from_date, until_date, instrument_id FROM ticker_periods
