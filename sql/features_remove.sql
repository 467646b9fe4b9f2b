-- Removes feature rows by key. $1 sessions (date[]), $2 instruments (integer[]), arrays of one length. Caller: store::features.
DELETE FROM features_day AS f
USING unnest($1::date[], $2::integer[]) AS k (session_date, instrument_id)
WHERE f.session_date = k.session_date AND f.instrument_id = k.instrument_id
    AND f.session_date BETWEEN $3 AND $4
