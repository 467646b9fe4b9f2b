-- Removes the bars that the replaced days $1 (date[], ascending; New York) no longer have. Caller: store::minutes.
DELETE FROM bars_minute AS b
USING staged_changes AS c
WHERE c.kind = 'removed' AND b.instrument_id = c.instrument_id AND b.bar_start = c.bar_start
    AND b.bar_start >= ($1::date[])[1]::timestamp AT TIME ZONE 'America/New_York'
    AND b.bar_start < (($1::date[])[cardinality($1::date[])] + 1)::timestamp AT TIME ZONE 'America/New_York'
