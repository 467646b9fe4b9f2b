-- Keeps what a replacement of the days $1 (date[]) is about to overwrite or remove; and, on the days $2 (date[]) whose whole
-- market was known before, that a bar was not there. Grain: instrument and session. Caller: store::bars.
INSERT INTO bar_revisions (instrument_id, session_date, kind, open, high, low, close, volume, vwap, trade_count)
SELECT c.instrument_id, c.session_date, c.kind, b.open, b.high, b.low, b.close, b.volume, b.vwap, b.trade_count
FROM staged_changes AS c
LEFT JOIN (SELECT * FROM bars_day WHERE session_date = ANY ($1::date[])) AS b USING (instrument_id, session_date)
WHERE c.kind <> 'added' OR c.session_date = ANY ($2::date[])
