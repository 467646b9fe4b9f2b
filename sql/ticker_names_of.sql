-- Tickers of the instrument $1 through time, oldest first. Grain: first day. Caller: store::instruments.
SELECT ticker, from_date, until_date, instrument_id FROM ticker_periods WHERE instrument_id = $1 ORDER BY from_date
