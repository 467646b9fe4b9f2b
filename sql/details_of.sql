-- The instruments $1 (integer[]), as details_wanted gives them. Grain: instrument. Caller: store::reference.
SELECT i.instrument_id, t.ticker, i.composite_figi, i.delisted_on
FROM instruments AS i
JOIN tickers AS t USING (instrument_id)
WHERE i.instrument_id = ANY ($1::integer[])
ORDER BY i.delisted_on DESC NULLS FIRST, t.ticker
