-- Bars straight in. Caller: store::bars.
COPY bars_day (instrument_id, session_date, open, high, low, close, volume, vwap, trade_count) FROM STDIN (FORMAT binary)
