-- Logs the instruments that have a bar on $1 or later: a session more or less moves what their windows hold. Grain: instrument.
-- Caller: store::sessions.
INSERT INTO change_log (topic, instrument_id, from_session)
SELECT 'sessions', i.instrument_id, $1
FROM instruments AS i
WHERE i.has_bars AND EXISTS (
    SELECT FROM bars_day AS b WHERE b.instrument_id = i.instrument_id AND b.session_date >= $1
)
