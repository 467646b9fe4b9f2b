-- The last session with a bar of each instrument that has bars: an index look-up each. Grain: instrument, ascending.
-- Caller: store::bars.
SELECT i.instrument_id, b.session_date
FROM instruments AS i
CROSS JOIN LATERAL (
    SELECT session_date
    FROM bars_day AS b
    WHERE b.instrument_id = i.instrument_id
    ORDER BY b.session_date DESC
    LIMIT 1
) AS b
WHERE i.has_bars
ORDER BY i.instrument_id
