-- Removes the moments of the sessions $1 (date[]). Caller: store::features.
DELETE FROM feature_moments WHERE session_date = ANY ($1::date[])
