-- A row of no instrument at the first and the last minute of trading, extended hours included, of each day of $1 (date[]), so
-- that the chunks open. Undone by minutes_open_chunks_undo in the same transaction. Caller: store::minutes.
INSERT INTO bars_minute (instrument_id, bar_start, open, high, low, close, volume)
SELECT 0, (d.day + t.at) AT TIME ZONE 'America/New_York', 1, 1, 1, 1, 0
FROM unnest($1::date[]) AS d (day)
CROSS JOIN (VALUES (time '04:00'), (time '19:59')) AS t (at)
ON CONFLICT DO NOTHING
