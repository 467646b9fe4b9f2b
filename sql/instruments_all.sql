-- The instruments that have bars, with the ticker of their latest period. Grain: instrument, ascending. Caller: store::instruments.
SELECT i.instrument_id, t.ticker, i.type, i.sector
FROM instruments AS i
JOIN tickers AS t USING (instrument_id)
WHERE i.has_bars
ORDER BY i.instrument_id
