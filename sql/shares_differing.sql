-- Those of the instruments $1 (integer[]) whose latest share count, of those that do not come from statements, is not the one
-- beside them in $2 (double precision[]).
-- Grain: instrument. Caller: store::reference.
SELECT n.instrument_id
FROM unnest($1::integer[], $2::double precision[]) AS n (instrument_id, shares)
WHERE n.shares IS DISTINCT FROM (
    SELECT s.shares
    FROM share_counts AS s
    WHERE s.instrument_id = n.instrument_id
    ORDER BY s.filing_date DESC, s.period_end DESC
    LIMIT 1
)
