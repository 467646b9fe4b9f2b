-- Moves minute bars to another instrument, by their day in New York; of two bars of one minute the one that is there stays.
-- Parameters and result as of move_bars_day. Caller: store::reference.
WITH moved AS (
    DELETE FROM bars_minute AS t
    USING unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) AS m (from_id, into_id, first_day, until_day)
    WHERE t.instrument_id = m.from_id
        AND t.bar_start >= new_york_midnight(m.first_day)
        AND t.bar_start < new_york_midnight(coalesce(m.until_day, 'infinity'))
    RETURNING m.from_id, m.into_id, t.*
), arrived AS (
    INSERT INTO bars_minute (instrument_id, bar_start, open, high, low, close, volume, vwap, trade_count)
    SELECT into_id, bar_start, open, high, low, close, volume, vwap, trade_count
    FROM moved
    ORDER BY into_id, bar_start
    ON CONFLICT DO NOTHING
)
SELECT from_id,
       into_id,
       (min(bar_start) AT TIME ZONE 'America/New_York')::date,
       (max(bar_start) AT TIME ZONE 'America/New_York')::date,
       count(*)
FROM moved
GROUP BY from_id, into_id
