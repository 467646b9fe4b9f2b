-- Forgets the announced days $1 (date[]). Repeatable. Caller: store::sessions.
DELETE FROM exchange_days_announced WHERE session_date = ANY ($1::date[])
