-- Removes the rows of minutes_open_chunks for the days $1 (date[], ascending); the chunks stay. Caller: store::minutes.
DELETE FROM bars_minute
WHERE instrument_id = 0
    AND bar_start >= ($1::date[])[1]::timestamp AT TIME ZONE 'America/New_York'
    AND bar_start < (($1::date[])[cardinality($1::date[])] + 1)::timestamp AT TIME ZONE 'America/New_York'
