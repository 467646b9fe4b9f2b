-- Moves replaced bars, of days and of minutes, to another instrument. Parameters and result as of move_bars_day.
-- Caller: store::reference.
WITH moved AS (
    UPDATE bar_revisions AS t
    SET instrument_id = m.into_id
    FROM unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) AS m (from_id, into_id, first_day, until_day)
    WHERE t.instrument_id = m.from_id
        AND t.session_date >= m.first_day
        AND t.session_date < coalesce(m.until_day, 'infinity')
    RETURNING m.from_id, m.into_id, t.session_date
)
SELECT from_id, into_id, min(session_date), max(session_date), count(*) FROM moved GROUP BY from_id, into_id
