-- Moves statements to another instrument, by the day of their filing. Parameters and result as of move_bars_day. The row is
-- taken whole, whatever its columns are, with another instrument in it. Caller: store::reference.
WITH moved AS (
    DELETE FROM statements AS t
    USING unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) AS m (from_id, into_id, first_day, until_day)
    WHERE t.instrument_id = m.from_id
        AND t.filing_date >= m.first_day
        AND t.filing_date < coalesce(m.until_day, 'infinity')
    RETURNING m.from_id, m.into_id, t.filing_date, t AS whole
), arrived AS (
    INSERT INTO statements
    SELECT r.*
    FROM moved
    CROSS JOIN LATERAL jsonb_populate_record(whole, jsonb_build_object('instrument_id', into_id)) AS r
    ORDER BY r.instrument_id, r.period_end, r.timeframe, r.filing_date
)
SELECT from_id, into_id, min(filing_date), max(filing_date), count(*) FROM moved GROUP BY from_id, into_id
