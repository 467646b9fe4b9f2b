-- Moments of the sessions from $1 (included) until $2 (excluded). Grain: session and factor. Caller: store::features.
SELECT session_date, factor, count, lower, upper, mean, sd
FROM feature_moments
WHERE session_date >= $1 AND session_date < $2
