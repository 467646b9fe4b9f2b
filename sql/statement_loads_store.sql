-- Stores how far a kind of statement is loaded. $1 kind, $2 filed through, $3 since, $4 began, $5 reached, $6 filed (dates of the
-- load under way; all null: none is). Repeatable. Caller: store::statements.
INSERT INTO statement_loads (kind, filed_through, run_since, run_began, run_reached, run_filed)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (kind) DO UPDATE
SET filed_through = excluded.filed_through,
    run_since = excluded.run_since,
    run_began = excluded.run_began,
    run_reached = excluded.run_reached,
    run_filed = excluded.run_filed
