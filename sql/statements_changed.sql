-- How many statements are new, and how many differ. One row. Caller: store::statements.
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM statement_changes
