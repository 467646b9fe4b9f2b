-- Sessions of the exchange from $1 through $2. Grain: session, ascending. Caller: store::checks.
SELECT session_date FROM sessions WHERE session_date BETWEEN $1 AND $2 ORDER BY session_date
