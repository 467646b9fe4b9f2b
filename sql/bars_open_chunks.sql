-- A row of no instrument on each day of $1 (date[]), so that the chunks open. Undone by bars_open_chunks_undo in the same
-- transaction. Caller: store::bars.
INSERT INTO bars_day (instrument_id, session_date, open, high, low, close, volume)
SELECT 0, d.day, 1, 1, 1, 1, 0 FROM unnest($1::date[]) AS d (day)
ON CONFLICT DO NOTHING
