-- The same as features_read, with the columns $3 alone. Caller: store::features.
SELECT session_date, instrument_id, in_population, $3
FROM features_day
WHERE session_date >= $1 AND session_date < $2
