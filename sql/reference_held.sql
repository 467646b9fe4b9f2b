-- All ticker periods. Grain: ticker and first day, ascending. Caller: store::reference.
SELECT ticker, from_date, until_date, instrument_id FROM ticker_periods ORDER BY ticker, from_date
