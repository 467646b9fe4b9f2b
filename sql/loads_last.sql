-- The last session of timeframe $1 that holds the whole market or the selection $2. One row; null where none does.
-- Caller: store::ledger.
SELECT max(session_date) FROM loads WHERE timeframe = $1 AND selection IN ('', $2)
