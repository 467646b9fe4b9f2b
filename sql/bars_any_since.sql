-- Whether there is a bar on $1 or later. One row. Caller: store::bars.
SELECT EXISTS (SELECT FROM bars_day WHERE session_date >= $1)
