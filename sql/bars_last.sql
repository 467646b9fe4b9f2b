-- The last bars up to $1 (included) of each of the instruments $2 (integer[]), so many as $3 (integer[]) says at its place. Grain:
-- instrument; its bars, latest first, in one piece: session_date, open, high, low, close, volume in their binary forms, 44 bytes a
-- bar. A row a bar would cost the reader more than the look-up costs the server. Caller: store::bars.
SELECT i.instrument_id, r.bars
FROM unnest($2, $3) AS i (instrument_id, wanted)
CROSS JOIN LATERAL (
    SELECT string_agg(
        date_send(b.session_date) || float8send(b.open) || float8send(b.high) || float8send(b.low) || float8send(b.close)
            || float8send(b.volume),
        ''::bytea
    ) AS bars
    FROM (
        SELECT session_date, open, high, low, close, volume
        FROM bars_day AS b
        WHERE b.instrument_id = i.instrument_id AND b.session_date <= $1
        ORDER BY b.session_date DESC
        LIMIT i.wanted
    ) AS b
) AS r
WHERE r.bars IS NOT NULL
