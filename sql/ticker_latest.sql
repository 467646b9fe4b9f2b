-- The instrument that last traded under the ticker $1. One row or none. Caller: store::instruments.
SELECT instrument_id FROM ticker_periods WHERE ticker = $1 ORDER BY from_date DESC LIMIT 1
