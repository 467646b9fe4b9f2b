-- What the ledger says of each session's daily bars: selection and bars of the latest load, whether the whole market was ever
-- loaded, and every selection. Grain: session, ascending. Caller: store::checks.
SELECT session_date,
       (array_agg(selection ORDER BY load_id DESC))[1],
       (array_agg(bars ORDER BY load_id DESC))[1],
       bool_or(selection = ''),
       array_agg(DISTINCT selection)
FROM loads
WHERE timeframe = 'day'
GROUP BY session_date
ORDER BY session_date
