-- The first and the last day with a bar under each ticker of $1 (text[]) from its day in $2 (date[]) on, whoever had the ticker.
-- Windows without a bar are left out. Grain: window, by its number from 1. Caller: store::reference.
SELECT w.number::integer, min(f.session_date), max(l.session_date)
FROM unnest($1::text[], $2::date[]) WITH ORDINALITY AS w (ticker, from_date, number)
JOIN ticker_periods AS p ON p.ticker = w.ticker AND (p.until_date IS NULL OR w.from_date < p.until_date)
JOIN instruments AS i ON i.instrument_id = p.instrument_id AND i.has_bars
CROSS JOIN LATERAL (
    SELECT session_date
    FROM bars_day AS b
    WHERE b.instrument_id = p.instrument_id
        AND b.session_date >= greatest(p.from_date, w.from_date)
        AND b.session_date < coalesce(p.until_date, 'infinity')
    ORDER BY b.session_date
    LIMIT 1
) AS f
CROSS JOIN LATERAL (
    SELECT session_date
    FROM bars_day AS b
    WHERE b.instrument_id = p.instrument_id
        AND b.session_date >= greatest(p.from_date, w.from_date)
        AND b.session_date < coalesce(p.until_date, 'infinity')
    ORDER BY b.session_date DESC
    LIMIT 1
) AS l
GROUP BY w.number
