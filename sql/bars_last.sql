-- The last bars up to $1 (included) of each of the instruments $2 (integer[]), so many as $3 (integer[]) says at its place. Grain:
-- instrument and session. Caller: store::bars.
SELECT i.instrument_id, b.session_date, b.open, b.high, b.low, b.close, b.volume
FROM unnest($2, $3) AS i (instrument_id, wanted)
CROSS JOIN LATERAL (
    SELECT session_date, open, high, low, close, volume
    FROM bars_day AS b
    WHERE b.instrument_id = i.instrument_id AND b.session_date <= $1
    ORDER BY b.session_date DESC
    LIMIT i.wanted
) AS b
