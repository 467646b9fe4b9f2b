-- Staged splits that stand within $1 days of another one of the same instrument and ratio, staged or stored, and those others;
-- each with the first bar from its day on and the close before it (null where there is none). Grain: instrument and ex-date, by
-- instrument, ratio and day. Caller: store::actions.
WITH candidates AS (
    SELECT instrument_id, ex_date, split_from, split_to, true AS staged
    FROM staged_splits
    WHERE instrument_id IS NOT NULL AND fate IS NULL
    UNION ALL
    SELECT s.instrument_id, s.ex_date, s.split_from, s.split_to, false
    FROM splits AS s
    WHERE s.instrument_id IN (SELECT instrument_id FROM staged_splits)
        AND NOT EXISTS (
            SELECT FROM staged_splits AS n WHERE n.instrument_id = s.instrument_id AND n.ex_date = s.ex_date
        )
)
SELECT c.instrument_id, c.ex_date, c.split_from, c.split_to, b.session_date, b.open, b.close, p.close
FROM candidates AS c
LEFT JOIN LATERAL (
    SELECT session_date, open, close
    FROM bars_day
    WHERE instrument_id = c.instrument_id AND session_date >= c.ex_date
    ORDER BY session_date
    LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (
    SELECT close
    FROM bars_day
    WHERE instrument_id = c.instrument_id AND session_date < c.ex_date
    ORDER BY session_date DESC
    LIMIT 1
) AS p ON true
WHERE EXISTS (
    SELECT FROM candidates AS o
    WHERE o.instrument_id = c.instrument_id
        AND o.ex_date <> c.ex_date
        AND abs(o.ex_date - c.ex_date) <= $1
        AND (o.staged OR c.staged)
        AND abs(o.split_to * c.split_from - c.split_to * o.split_from) <= 1e-6 * c.split_to * o.split_from
)
ORDER BY c.instrument_id, c.split_to / c.split_from, c.ex_date
