-- The first and the last day with a bar of each instrument of $1 (integer[]) from its day in $2 (date[]) to before its day in $3
-- (date[]; null: to the end). Parts without a bar are left out. Grain: part, by its number from 1. Caller: store::reference.
SELECT p.part::integer, f.session_date, l.session_date
FROM unnest($1::integer[], $2::date[], $3::date[]) WITH ORDINALITY AS p (instrument_id, from_date, until_date, part)
JOIN instruments AS i ON i.instrument_id = p.instrument_id AND i.has_bars
CROSS JOIN LATERAL (
    SELECT session_date
    FROM bars_day AS b
    WHERE b.instrument_id = p.instrument_id
        AND b.session_date >= p.from_date
        AND b.session_date < coalesce(p.until_date, 'infinity')
    ORDER BY b.session_date
    LIMIT 1
) AS f
CROSS JOIN LATERAL (
    SELECT session_date
    FROM bars_day AS b
    WHERE b.instrument_id = p.instrument_id
        AND b.session_date >= p.from_date
        AND b.session_date < coalesce(p.until_date, 'infinity')
    ORDER BY b.session_date DESC
    LIMIT 1
) AS l
