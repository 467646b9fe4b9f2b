-- How far a kind of statement is loaded. $1 kind. One row or none. Caller: store::statements.
SELECT filed_through, run_since, run_began, run_reached, run_filed FROM statement_loads WHERE kind = $1
