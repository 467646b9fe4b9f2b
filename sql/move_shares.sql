-- Moves share counts that do not come from statements to another instrument, by the day on which they were given; one that is
-- there already stays. Parameters and result as of move_bars_day. Caller: store::reference.
WITH moved AS (
    DELETE FROM share_counts AS t
    USING unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) AS m (from_id, into_id, first_day, until_day)
    WHERE t.instrument_id = m.from_id
        AND t.filing_date >= m.first_day
        AND t.filing_date < coalesce(m.until_day, 'infinity')
    RETURNING m.from_id, m.into_id, t.*
), arrived AS (
    INSERT INTO share_counts (instrument_id, filing_date, period_end, shares)
    SELECT into_id, filing_date, period_end, shares FROM moved ORDER BY into_id, filing_date, period_end
    ON CONFLICT DO NOTHING
)
SELECT from_id, into_id, min(filing_date), max(filing_date), count(*) FROM moved GROUP BY from_id, into_id
