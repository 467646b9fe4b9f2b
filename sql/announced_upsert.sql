-- Keeps announced days. $1 days, $2 closing times in New York (null: closed), $3 names, arrays of one length. Repeatable.
-- Caller: store::sessions.
INSERT INTO exchange_days_announced AS a (session_date, kind, close_time, name)
SELECT d.day, CASE WHEN d.close_time IS NULL THEN 'closed' ELSE 'early_close' END, d.close_time, d.name
FROM unnest($1::date[], $2::time[], $3::text[]) AS d (day, close_time, name)
ON CONFLICT (session_date) DO UPDATE
SET kind = excluded.kind, close_time = excluded.close_time, name = excluded.name, announced_at = excluded.announced_at
WHERE (a.kind, a.close_time) IS DISTINCT FROM (excluded.kind, excluded.close_time)
