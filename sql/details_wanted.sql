-- Instruments that have bars and a ticker but no details, listed ones first, then the latest delisted. Grain: instrument.
-- Caller: store::reference.
SELECT i.instrument_id, t.ticker, i.composite_figi, i.delisted_on
FROM instruments AS i
JOIN tickers AS t USING (instrument_id)
WHERE i.has_bars AND i.details_at IS NULL
ORDER BY i.delisted_on DESC NULLS FIRST, t.ticker
