-- Listing, first bar and last bar of each instrument that has bars: two index look-ups each. Grain: instrument, ascending.
-- Caller: store::checks.
SELECT i.instrument_id, i.listed_on, i.delisted_on,
       f.session_date, f.open, f.close, f.volume,
       l.session_date, l.close, l.volume
FROM instruments AS i
CROSS JOIN LATERAL (
    SELECT session_date, open, close, volume
    FROM bars_day AS b
    WHERE b.instrument_id = i.instrument_id
    ORDER BY b.session_date
    LIMIT 1
) AS f
CROSS JOIN LATERAL (
    SELECT session_date, close, volume
    FROM bars_day AS b
    WHERE b.instrument_id = i.instrument_id
    ORDER BY b.session_date DESC
    LIMIT 1
) AS l
WHERE i.has_bars
ORDER BY i.instrument_id
