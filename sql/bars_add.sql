-- Adds the bars that were not there, sorted by key. Caller: store::bars.
INSERT INTO bars_day (instrument_id, session_date, open, high, low, close, volume, vwap, trade_count)
SELECT s.instrument_id, s.session_date, s.open, s.high, s.low, s.close, s.volume, s.vwap, s.trade_count
FROM staged_changes AS c
JOIN staged_bars AS s USING (instrument_id, session_date)
WHERE c.kind = 'added'
ORDER BY s.instrument_id, s.session_date
