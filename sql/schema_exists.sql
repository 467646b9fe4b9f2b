-- Whether this database holds our schema. One row, one boolean. Caller: store::migrate.
SELECT to_regclass('schema_applied') IS NOT NULL
