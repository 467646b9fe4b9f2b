-- Bars into staging. Caller: store::minutes.
COPY staged_bars (instrument_id, bar_start, open, high, low, close, volume, vwap, trade_count) FROM STDIN (FORMAT binary)
