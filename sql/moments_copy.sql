-- Moments straight in. Caller: store::features.
COPY feature_moments (session_date, factor, count, lower, upper, mean, sd) FROM STDIN (FORMAT binary)
