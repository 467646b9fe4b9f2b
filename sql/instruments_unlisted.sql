-- Instruments with a bar on $1 or later that the vendor's list never knew: one look-up an unlisted instrument. Grain: instrument, by
-- ticker. Caller: store::reference.
SELECT t.ticker
FROM instruments AS i
JOIN tickers AS t USING (instrument_id)
WHERE i.has_bars
    AND i.reference_changed_at IS NULL
    AND EXISTS (SELECT FROM bars_day AS b WHERE b.instrument_id = i.instrument_id AND b.session_date >= $1)
ORDER BY t.ticker
