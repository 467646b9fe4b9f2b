-- Closes and volumes of the sessions from $1 (included) until $2 (excluded), in no order. Grain: instrument and session.
-- Caller: store::bars.
SELECT instrument_id, session_date, close, volume
FROM bars_day
WHERE session_date >= $1 AND session_date < $2
