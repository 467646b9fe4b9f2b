-- Appends changes in the transaction that makes them. $1 topic, $2 instruments, $3 first days, $4 last days (null: to the
-- end), as arrays of one length. Not repeatable. Caller: store::change_log.
INSERT INTO change_log (topic, instrument_id, from_session, through_session)
SELECT $1, c.instrument_id, c.from_session, c.through_session
FROM unnest($2::integer[], $3::date[], $4::date[]) AS c (instrument_id, from_session, through_session)
