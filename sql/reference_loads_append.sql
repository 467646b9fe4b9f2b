-- Notes that a list of tickers was applied. $1 source, $2 entries, $3 set aside, $4 instruments new or changed. Not repeatable.
-- Caller: store::reference.
INSERT INTO reference_loads (source, listed, set_aside, changed) VALUES ($1, $2, $3, $4)
