-- Moves daily bars to another instrument. $1 instruments that have them, $2 instruments that are to have them, $3 first days, $4
-- first days after (null: to the end), arrays of one length. Returns from whom to whom, first and last day, and how many.
-- The order makes every row leave before any arrives. Caller: store::reference.
WITH moved AS (
    DELETE FROM bars_day AS t
    USING unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) AS m (from_id, into_id, first_day, until_day)
    WHERE t.instrument_id = m.from_id
        AND t.session_date >= m.first_day
        AND t.session_date < coalesce(m.until_day, 'infinity')
    RETURNING m.from_id, m.into_id, t.*
), arrived AS (
    INSERT INTO bars_day (instrument_id, session_date, open, high, low, close, volume, vwap, trade_count)
    SELECT into_id, session_date, open, high, low, close, volume, vwap, trade_count
    FROM moved
    ORDER BY into_id, session_date
)
SELECT from_id, into_id, min(session_date), max(session_date), count(*) FROM moved GROUP BY from_id, into_id
