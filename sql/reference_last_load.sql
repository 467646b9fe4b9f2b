-- When a list of tickers was last applied. One row; null where none was. Caller: store::reference.
SELECT max(loaded_at) FROM reference_loads
