-- The instrument whose bars came last under the ticker $1. One row or none. Caller: store::instruments.
SELECT p.instrument_id
FROM ticker_periods AS p
JOIN instruments AS i USING (instrument_id)
WHERE p.ticker = $1 AND i.has_bars
ORDER BY p.from_date DESC
LIMIT 1
