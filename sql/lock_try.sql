-- Takes an advisory lock of this connection if it is free. $1 key. One row, one boolean. Caller: store::lock.
SELECT pg_try_advisory_lock($1)
