-- The latest session that has a bar, up to $1 (included): one index look-up an instrument with bars. One row; null without
-- bars. Caller: store::bars.
SELECT max(b.session_date)
FROM instruments AS i
CROSS JOIN LATERAL (
    SELECT session_date
    FROM bars_day AS b
    WHERE b.instrument_id = i.instrument_id AND b.session_date <= $1
    ORDER BY b.session_date DESC
    LIMIT 1
) AS b
WHERE i.has_bars
