-- Removes the rows of bars_open_chunks for the days $1 (date[]); the chunks stay. Caller: store::bars.
DELETE FROM bars_day WHERE instrument_id = 0 AND session_date = ANY ($1::date[])
