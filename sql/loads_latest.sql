-- The present state of every loaded session in $1 (included) … $2 (excluded): selection and digest of the latest load, and
-- whether the whole market was ever loaded. Grain: session. Caller: store::ledger.
SELECT DISTINCT ON (session_date)
       session_date,
       selection,
       digest,
       bool_or(selection = '') OVER (PARTITION BY session_date)
FROM loads
WHERE session_date >= $1 AND session_date < $2
ORDER BY session_date, load_id DESC
