-- The first and the last session that have a bar: one index look-up an instrument with bars each. One row; nulls without bars.
-- Caller: store::bars.
SELECT min(f.session_date), max(l.session_date)
FROM instruments AS i
CROSS JOIN LATERAL (
    SELECT session_date FROM bars_day AS b WHERE b.instrument_id = i.instrument_id ORDER BY b.session_date LIMIT 1
) AS f
CROSS JOIN LATERAL (
    SELECT session_date FROM bars_day AS b WHERE b.instrument_id = i.instrument_id ORDER BY b.session_date DESC LIMIT 1
) AS l
WHERE i.has_bars
