-- All ticker periods. Grain: ticker and first day.
-- Callers: store::instruments, store::checks.
SELECT ticker, from_date, until_date, instrument_id FROM ticker_periods
