-- The first and the last session that have feature rows. One row; nulls without rows. Caller: store::features.
SELECT min(session_date), max(session_date) FROM features_day
