-- Bars into staging. Caller: store::bars.
COPY staged_bars (instrument_id, session_date, open, high, low, close, volume, vwap, trade_count) FROM STDIN (FORMAT binary)
