-- Bars of the sessions from $1 (included) through $2 (included), in no order. Grain: instrument and session.
-- Caller: store::bars.
SELECT instrument_id, session_date, open, high, low, close, volume
FROM bars_day
WHERE session_date >= $1 AND session_date <= $2
