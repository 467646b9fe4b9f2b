-- The same as verify_bars, of the instruments $3 (integer[]). Caller: store::checks.
SELECT instrument_id, session_date, open, high, low, close, volume
FROM bars_day
WHERE session_date >= $1 AND session_date < $2 AND instrument_id = ANY ($3)
ORDER BY instrument_id, session_date
