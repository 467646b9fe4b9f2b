-- What scans keep: the latest signals of every instrument, and the runs.

CREATE TABLE signals_latest (
    instrument_id      integer PRIMARY KEY,
    session_date       date NOT NULL,
    close              double precision NOT NULL,
    sma_20             double precision,
    sma_50             double precision,
    sma_200            double precision,
    sma_20_distance    double precision,
    sma_50_distance    double precision,
    sma_200_distance   double precision,
    sma_cross          double precision,
    ema_12             double precision,
    ema_26             double precision,
    macd               double precision,
    macd_signal        double precision,
    macd_histogram     double precision,
    rsi_14             double precision,
    atr_14             double precision,
    atr_pct            double precision,
    adx_14             double precision,
    bollinger_b        double precision,
    bollinger_width    double precision,
    stoch_k            double precision,
    stoch_d            double precision,
    return_1           double precision,
    return_5           double precision,
    return_21          double precision,
    gap                double precision,
    volume_ratio_20    double precision,
    high_20_distance   double precision,
    low_20_distance    double precision,
    high_252_distance  double precision,
    low_252_distance   double precision,
    low_10             double precision
);
COMMENT ON TABLE signals_latest IS 'Technical signals of each instrument at its latest bar, as scans keep them: they depend on that instrument alone. Adjusted for splits to that bar.';
COMMENT ON COLUMN signals_latest.instrument_id IS 'instruments.instrument_id.';
COMMENT ON COLUMN signals_latest.session_date IS 'Session of the latest bar.';
COMMENT ON COLUMN signals_latest.close IS 'Close of the latest bar, as printed.';
COMMENT ON COLUMN signals_latest.sma_20 IS 'Mean of the last 20 closes. Unit: price.';
COMMENT ON COLUMN signals_latest.sma_50 IS 'Mean of the last 50 closes. Unit: price.';
COMMENT ON COLUMN signals_latest.sma_200 IS 'Mean of the last 200 closes. Unit: price.';
COMMENT ON COLUMN signals_latest.sma_20_distance IS 'Close / sma_20 − 1. Unit: ratio.';
COMMENT ON COLUMN signals_latest.sma_50_distance IS 'Close / sma_50 − 1. Unit: ratio.';
COMMENT ON COLUMN signals_latest.sma_200_distance IS 'Close / sma_200 − 1. Unit: ratio.';
COMMENT ON COLUMN signals_latest.sma_cross IS 'Latest cross of SMA 50 over SMA 200 within the last 5 bars: 1 up, −1 down, else 0. Unit: direction.';
COMMENT ON COLUMN signals_latest.ema_12 IS 'Exponential mean of closes, weight 2/13, seeded with the mean of the first 12. Unit: price.';
COMMENT ON COLUMN signals_latest.ema_26 IS 'Exponential mean of closes, weight 2/27, seeded with the mean of the first 26. Unit: price.';
COMMENT ON COLUMN signals_latest.macd IS 'MACD 12-26-9: EMA 12 − EMA 26 of closes, both beginning at the 26th bar. Unit: price.';
COMMENT ON COLUMN signals_latest.macd_signal IS 'EMA 9 of macd, seeded with the mean of its first 9 values. Unit: price.';
COMMENT ON COLUMN signals_latest.macd_histogram IS 'macd − macd_signal. Unit: price.';
COMMENT ON COLUMN signals_latest.rsi_14 IS 'Wilder''s relative strength of closes over 14 bars; null if nothing moved. Unit: points.';
COMMENT ON COLUMN signals_latest.atr_14 IS 'Wilder''s average true range over 14 bars, seeded with the mean of the first 14. Unit: price.';
COMMENT ON COLUMN signals_latest.atr_pct IS '100 × atr_14 / close. Unit: percent.';
COMMENT ON COLUMN signals_latest.adx_14 IS 'Wilder''s average directional index over 14 bars. Unit: points.';
COMMENT ON COLUMN signals_latest.bollinger_b IS '(Close − lower) / (upper − lower), the bands being sma_20 ∓ 2 population deviations; null if they are one. Unit: ratio.';
COMMENT ON COLUMN signals_latest.bollinger_width IS '(Upper − lower band) / sma_20. Unit: ratio.';
COMMENT ON COLUMN signals_latest.stoch_k IS 'Mean of the last 3 fast lines, 100 × (close − lowest low) / (highest high − lowest low) of 14 bars. Unit: points.';
COMMENT ON COLUMN signals_latest.stoch_d IS 'Mean of the last 3 stoch_k. Unit: points.';
COMMENT ON COLUMN signals_latest.return_1 IS 'Close / close 1 bar before − 1, adjusted for splits but not for dividends. Unit: ratio.';
COMMENT ON COLUMN signals_latest.return_5 IS 'Close / close 5 bars before − 1, adjusted for splits but not for dividends. Unit: ratio.';
COMMENT ON COLUMN signals_latest.return_21 IS 'Close / close 21 bars before − 1, adjusted for splits but not for dividends. Unit: ratio.';
COMMENT ON COLUMN signals_latest.gap IS 'Open / close 1 bar before − 1. Unit: ratio.';
COMMENT ON COLUMN signals_latest.volume_ratio_20 IS 'Volume / mean volume of the 20 bars before; null if nothing traded in them. Unit: ratio.';
COMMENT ON COLUMN signals_latest.high_20_distance IS 'Close / highest high of the last 20 bars − 1. Unit: ratio.';
COMMENT ON COLUMN signals_latest.low_20_distance IS 'Close / lowest low of the last 20 bars − 1. Unit: ratio.';
COMMENT ON COLUMN signals_latest.high_252_distance IS 'Close / highest high of the last 252 bars − 1. Unit: ratio.';
COMMENT ON COLUMN signals_latest.low_252_distance IS 'Close / lowest low of the last 252 bars − 1. Unit: ratio.';
COMMENT ON COLUMN signals_latest.low_10 IS 'Lowest low of the last 10 bars, which the trade plan''s stop reads. Unit: price.';

CREATE TABLE scan_runs (
    run_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finished_at  timestamptz NOT NULL DEFAULT now(),
    mode         text NOT NULL,
    profile      text NOT NULL,
    session_date date NOT NULL,
    definitions  text NOT NULL,
    counts       jsonb NOT NULL,
    rows         jsonb NOT NULL
);
COMMENT ON TABLE scan_runs IS 'The latest 1,000 stored scans: what was asked, what was counted at every stage, and the answer.';
COMMENT ON COLUMN scan_runs.run_id IS 'Order of the runs.';
COMMENT ON COLUMN scan_runs.finished_at IS 'When.';
COMMENT ON COLUMN scan_runs.mode IS 'full or incremental.';
COMMENT ON COLUMN scan_runs.profile IS 'Profile of the scan.';
COMMENT ON COLUMN scan_runs.session_date IS 'Session that was ranked.';
COMMENT ON COLUMN scan_runs.definitions IS 'Digest of the definitions of signals and scores.';
COMMENT ON COLUMN scan_runs.counts IS 'Instruments at every stage.';
COMMENT ON COLUMN scan_runs.rows IS 'The listed rows, best first, at most 100.';
