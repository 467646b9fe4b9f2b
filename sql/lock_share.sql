-- Waits for a shared advisory lock of this connection, which several can hold. $1 key. Caller: store::lock.
SELECT pg_advisory_lock_shared($1)
