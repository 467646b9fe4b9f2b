-- Version of the newest migration. One row; an error where no migration ever ran. Caller: store::migrate.
SELECT coalesce(max(version), 0)::integer FROM refinery_schema_history
