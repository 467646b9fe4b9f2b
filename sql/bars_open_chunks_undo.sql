-- Removes the rows of bars_open_chunks; the chunks stay. Caller: store::bars.
DELETE FROM bars_day WHERE instrument_id = 0
