-- Loads of sessions, in the transaction that writes their bars. $1 timeframes, $2 sessions, $3 sources, $4 origins, $5 selections,
-- $6 ETags, $7 digests, $8 bars, $9 rows set aside: arrays of one length. Not repeatable. Caller: store::ledger.
INSERT INTO loads (timeframe, session_date, source, origin, selection, etag, digest, bars, set_aside)
SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::integer[], $9::integer[])
