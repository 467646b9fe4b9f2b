-- Waits for an advisory lock of this connection. $1 key. Caller: store::lock.
SELECT pg_advisory_lock($1)
