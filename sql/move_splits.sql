-- Moves splits to another instrument; one that is there already stays. Parameters and result as of move_bars_day.
-- Caller: store::reference.
WITH moved AS (
    DELETE FROM splits AS t
    USING unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) AS m (from_id, into_id, first_day, until_day)
    WHERE t.instrument_id = m.from_id AND t.ex_date >= m.first_day AND t.ex_date < coalesce(m.until_day, 'infinity')
    RETURNING m.from_id, m.into_id, t.*
), arrived AS (
    INSERT INTO splits (instrument_id, ex_date, split_from, split_to, vendor_id)
    SELECT into_id, ex_date, split_from, split_to, vendor_id FROM moved ORDER BY into_id, ex_date
    ON CONFLICT DO NOTHING
)
SELECT from_id, into_id, min(ex_date), max(ex_date), count(*) FROM moved GROUP BY from_id, into_id
