-- Moves statements to another instrument, by their filing date. A filing that the other instrument has too stays where it is: the
-- company filed it once, and both have it. Parameters and result as of move_bars_day. Caller: store::reference.
WITH moved AS (
    UPDATE statements AS t
    SET instrument_id = m.into_id
    FROM unnest($1::integer[], $2::integer[], $3::date[], $4::date[]) AS m (from_id, into_id, first_day, until_day)
    WHERE t.instrument_id = m.from_id
        AND t.filing_date >= m.first_day
        AND t.filing_date < coalesce(m.until_day, 'infinity')
        AND NOT EXISTS (
            SELECT FROM statements AS o
            WHERE o.instrument_id = m.into_id
                AND (o.period_end, o.timeframe, o.filing_date) = (t.period_end, t.timeframe, t.filing_date)
        )
    RETURNING m.from_id, m.into_id, t.filing_date
)
SELECT from_id, into_id, min(filing_date), max(filing_date), count(*) FROM moved GROUP BY from_id, into_id
