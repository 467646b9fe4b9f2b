-- Notes what is applied when announced days change the calendar. $1 digest of all. Repeatable. Caller: store::sessions.
UPDATE schema_applied SET digest = $1
