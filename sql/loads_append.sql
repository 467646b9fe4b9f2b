-- One load of one session, in the transaction that writes its bars. Not repeatable. Caller: store::ledger.
INSERT INTO loads (timeframe, session_date, source, origin, selection, etag, digest, bars, set_aside)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
