-- Bars from $1 (included) on of the instruments $2 (integer[]), in no order. Grain: instrument and session. Caller: store::bars.
SELECT instrument_id, session_date, open, high, low, close, volume
FROM bars_day
WHERE session_date >= $1 AND instrument_id = ANY ($2)
