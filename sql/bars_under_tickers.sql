-- Days with a bar under each ticker of $1 (text[]) from its day in $2 (date[]) to before its day in $3 (date[]), whoever had the
-- ticker. Grain: window, by its number from 1, and day, ascending. Caller: store::reference.
SELECT w.number::integer, b.session_date
FROM unnest($1::text[], $2::date[], $3::date[]) WITH ORDINALITY AS w (ticker, from_date, until_date, number)
JOIN ticker_periods AS p
    ON p.ticker = w.ticker
    AND p.from_date < w.until_date
    AND (p.until_date IS NULL OR w.from_date < p.until_date)
JOIN instruments AS i ON i.instrument_id = p.instrument_id AND i.has_bars
CROSS JOIN LATERAL (
    SELECT session_date
    FROM bars_day AS b
    WHERE b.instrument_id = p.instrument_id
        AND b.session_date >= greatest(p.from_date, w.from_date)
        AND b.session_date < least(p.until_date, w.until_date)
) AS b
ORDER BY w.number, b.session_date
