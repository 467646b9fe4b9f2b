-- Updates the bars of the days $1 (date[]) that differ. Where prices and volume are as before, a null vwap or trade count
-- keeps the old one; a different bar takes the new values as they are. Caller: store::bars.
UPDATE bars_day AS b
SET open = s.open,
    high = s.high,
    low = s.low,
    close = s.close,
    volume = s.volume,
    vwap = CASE WHEN (s.open, s.high, s.low, s.close, s.volume) = (b.open, b.high, b.low, b.close, b.volume)
                THEN coalesce(s.vwap, b.vwap) ELSE s.vwap END,
    trade_count = CASE WHEN (s.open, s.high, s.low, s.close, s.volume) = (b.open, b.high, b.low, b.close, b.volume)
                       THEN coalesce(s.trade_count, b.trade_count) ELSE s.trade_count END
FROM staged_changes AS c
JOIN staged_bars AS s USING (instrument_id, session_date)
WHERE c.kind = 'changed' AND b.instrument_id = c.instrument_id AND b.session_date = c.session_date
    AND b.session_date = ANY ($1::date[])
