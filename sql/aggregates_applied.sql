-- Notes which aggregates are applied. $1 edition and digest. Repeatable; the row of schema_applied is there. Caller: store::migrate.
UPDATE schema_applied SET aggregates = $1
