-- Signal rows straight in. Caller: store::signals.
COPY signals_latest (
    instrument_id, session_date, open, high, low, close, volume,
    sma_20, sma_50, sma_200, sma_20_distance, sma_50_distance, sma_200_distance,
    sma_cross, ema_12, ema_26, macd, macd_signal, macd_histogram,
    rsi_14, atr_14, atr_pct, adx_14, bollinger_b, bollinger_width,
    stoch_k, stoch_d, return_1, return_5, return_21, gap,
    volume_ratio_20, high_20_distance, low_20_distance, high_252_distance, low_252_distance, low_10,
    return_63, return_252, bars
) FROM STDIN (FORMAT binary)
