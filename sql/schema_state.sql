-- Version of the newest migration and digest of the applied views. One row. Caller: store::migrate.
SELECT (SELECT coalesce(max(version), 0) FROM refinery_schema_history)::integer,
       coalesce((SELECT digest FROM schema_applied), '')
