-- The last bar before $1 of each of the instruments $2 (integer[]). Grain: instrument. Caller: store::bars.
SELECT i.instrument_id, b.session_date, b.close, b.volume
FROM unnest($2) AS i (instrument_id)
CROSS JOIN LATERAL (
    SELECT session_date, close, volume
    FROM bars_day AS b
    WHERE b.instrument_id = i.instrument_id AND b.session_date < $1
    ORDER BY b.session_date DESC
    LIMIT 1
) AS b
