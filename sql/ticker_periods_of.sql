-- Periods of the ticker $1, oldest first. Grain: first day. Caller: store::instruments.
SELECT ticker, from_date, until_date, instrument_id FROM ticker_periods WHERE ticker = $1 ORDER BY from_date
