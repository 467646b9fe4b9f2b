-- Keeps what a replacement of the days $1 (date[], ascending; New York) is about to overwrite or remove; and, on the days $2
-- (date[]) whose whole market was known before, that a bar was not there. Grain: instrument and minute.
-- Caller: store::minutes.
INSERT INTO bar_revisions (instrument_id, session_date, bar_start, kind, open, high, low, close, volume, vwap, trade_count)
SELECT c.instrument_id, c.session_date, c.bar_start, c.kind, b.open, b.high, b.low, b.close, b.volume, b.vwap, b.trade_count
FROM (SELECT *, (bar_start AT TIME ZONE 'America/New_York')::date AS session_date FROM staged_changes) AS c
LEFT JOIN (
    SELECT * FROM bars_minute
    WHERE bar_start >= ($1::date[])[1]::timestamp AT TIME ZONE 'America/New_York'
        AND bar_start < (($1::date[])[cardinality($1::date[])] + 1)::timestamp AT TIME ZONE 'America/New_York'
) AS b USING (instrument_id, bar_start)
WHERE c.kind <> 'added' OR c.session_date = ANY ($2::date[])
