-- Those of the days $1 (date[]) that have a daily bar. Grain: day, ascending. Caller: store::sessions.
SELECT d.day
FROM unnest($1::date[]) AS d (day)
WHERE EXISTS (SELECT FROM bars_day AS b WHERE b.session_date = d.day)
ORDER BY d.day
