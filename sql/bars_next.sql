-- The first bar after a day, of each instrument in $1 (integer[]) after its day in $2 (date[]); instruments without one are
-- left out. Grain: instrument. Caller: store::bars.
SELECT i.instrument_id, b.session_date
FROM unnest($1::integer[], $2::date[]) AS i (instrument_id, after)
CROSS JOIN LATERAL (
    SELECT session_date
    FROM bars_day AS b
    WHERE b.instrument_id = i.instrument_id AND b.session_date > i.after
    ORDER BY b.session_date
    LIMIT 1
) AS b
