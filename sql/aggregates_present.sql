-- Those of the views $1 (text[]) that are there, and whether each is a continuous aggregate. Grain: view.
-- Caller: store::aggregates.
SELECT w.name,
       EXISTS (
           SELECT FROM timescaledb_information.continuous_aggregates AS a
           WHERE a.view_schema = n.nspname AND a.view_name = c.relname)
FROM unnest($1::text[]) AS w (name)
JOIN pg_class AS c ON c.oid = to_regclass(w.name)
JOIN pg_namespace AS n ON n.oid = c.relnamespace
