-- The present state of every session of timeframe $1 that is loaded in $2 (included) … $3 (excluded): the latest load, and
-- whether the whole market was ever loaded. Grain: session. Caller: store::ledger.
SELECT DISTINCT ON (session_date)
       session_date,
       selection,
       digest,
       source,
       etag,
       bool_or(selection = '') OVER (PARTITION BY session_date)
FROM loads
WHERE timeframe = $1 AND session_date >= $2 AND session_date < $3
ORDER BY session_date, load_id DESC
