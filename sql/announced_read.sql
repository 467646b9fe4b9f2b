-- The announced days that depart from the calendar's rule. Grain: day, ascending. Caller: store::sessions.
SELECT session_date, close_time, name FROM exchange_days_announced ORDER BY session_date
