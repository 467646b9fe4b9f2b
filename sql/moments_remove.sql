-- Removes moments by key. $1 sessions (date[]), $2 factors (text[]), arrays of one length; $3 and $4 the first and the last of
-- the sessions. Caller: store::features.
DELETE FROM feature_moments AS m
USING unnest($1::date[], $2::text[]) AS k (session_date, factor)
WHERE m.session_date = k.session_date AND m.factor = k.factor AND m.session_date BETWEEN $3 AND $4
