-- What became of the staged splits: how many are kept (fate null), repeated and set aside, and the first 3 of those. Grain: fate.
-- Caller: store::actions.
SELECT fate, count(*),
       (array_agg(
           format('%s %s %s:%s', coalesce(ticker, '?'), ex_date, split_from, split_to)
           ORDER BY ticker, ex_date, split_from, split_to
       ) FILTER (WHERE fate IS NOT NULL))[1:3]
FROM staged_splits
LEFT JOIN tickers USING (instrument_id)
WHERE instrument_id IS NOT NULL
GROUP BY fate
ORDER BY fate
