-- What differs between staging and the bars of the days $1 (date[], ascending; New York), of the instruments $2 (integer[];
-- null: all). A null vwap or trade count in staging says nothing. Grain: instrument and minute. Caller: store::minutes.
INSERT INTO staged_changes (kind, instrument_id, bar_start)
SELECT CASE WHEN b.instrument_id IS NULL THEN 'added' WHEN s.instrument_id IS NULL THEN 'removed' ELSE 'changed' END,
       instrument_id,
       bar_start
FROM staged_bars AS s
FULL JOIN (
    SELECT * FROM bars_minute
    WHERE bar_start >= ($1::date[])[1]::timestamp AT TIME ZONE 'America/New_York'
        AND bar_start < (($1::date[])[cardinality($1::date[])] + 1)::timestamp AT TIME ZONE 'America/New_York'
        AND (bar_start AT TIME ZONE 'America/New_York')::date = ANY ($1::date[])
        AND ($2::integer[] IS NULL OR instrument_id = ANY ($2))
) AS b USING (instrument_id, bar_start)
WHERE b.instrument_id IS NULL
    OR s.instrument_id IS NULL
    OR (s.open, s.high, s.low, s.close, s.volume) IS DISTINCT FROM (b.open, b.high, b.low, b.close, b.volume)
    OR s.vwap <> b.vwap OR (b.vwap IS NULL AND s.vwap IS NOT NULL)
    OR s.trade_count <> b.trade_count OR (b.trade_count IS NULL AND s.trade_count IS NOT NULL)
