-- The instruments that have bars, with the ticker of their latest period. Grain: instrument, ascending. Caller: store::instruments.
SELECT i.instrument_id, t.ticker, i.type, i.sector,
       CASE WHEN i.sector_source IS DISTINCT FROM 'file' AND i.sic_code IS NOT NULL THEN i.sic_code BETWEEN '6000' AND '6799'
            ELSE coalesce(i.sector = 'Financials', false) END AS financial, i.exchange
FROM instruments AS i
JOIN tickers AS t USING (instrument_id)
WHERE i.has_bars
ORDER BY i.instrument_id
