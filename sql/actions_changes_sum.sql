-- What was done, how often, and the first 3 of what was removed. Grain: what. Caller: store::actions.
SELECT what, count(*),
       (array_agg(coalesce(ticker, '?') || ' ' || action ORDER BY ticker, action) FILTER (WHERE what <> 'written'))[1:3]
FROM action_changes
LEFT JOIN tickers USING (instrument_id)
GROUP BY what
ORDER BY what
