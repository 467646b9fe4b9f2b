-- Removes the bars that the replaced days $1 (date[]) no longer have. Caller: store::bars.
DELETE FROM bars_day AS b
USING staged_changes AS c
WHERE c.kind = 'removed' AND b.instrument_id = c.instrument_id AND b.session_date = c.session_date
    AND b.session_date = ANY ($1::date[])
