-- The latest session of the instrument $1 that has a feature row. One row; null without any. The inner OFFSET keeps the planner
-- on the index of instruments: going back by sessions would read the whole market of every day since a delisting.
-- Caller: store::features.
SELECT max(session_date)
FROM (SELECT session_date FROM features_day WHERE instrument_id = $1 OFFSET 0) AS own
