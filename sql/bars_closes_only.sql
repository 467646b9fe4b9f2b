-- The same as bars_closes, of the instruments $3 (integer[]). Caller: store::bars.
SELECT instrument_id, session_date, close, volume
FROM bars_day
WHERE session_date >= $1 AND session_date < $2 AND instrument_id = ANY ($3)
