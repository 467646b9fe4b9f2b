-- Bars straight in. Caller: store::minutes.
COPY bars_minute (instrument_id, bar_start, open, high, low, close, volume, vwap, trade_count) FROM STDIN (FORMAT binary)
