-- Adds the bars that were not there, sorted by key. Caller: store::minutes.
INSERT INTO bars_minute (instrument_id, bar_start, open, high, low, close, volume, vwap, trade_count)
SELECT s.instrument_id, s.bar_start, s.open, s.high, s.low, s.close, s.volume, s.vwap, s.trade_count
FROM staged_changes AS c
JOIN staged_bars AS s USING (instrument_id, bar_start)
WHERE c.kind = 'added'
ORDER BY s.instrument_id, s.bar_start
