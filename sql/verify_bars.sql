-- Bars from $1 (included) until $2 (excluded), sorted by instrument and day. Grain: instrument and day. Caller: store::checks.
SELECT instrument_id, session_date, open, high, low, close, volume
FROM bars_day
WHERE session_date >= $1 AND session_date < $2
ORDER BY instrument_id, session_date
