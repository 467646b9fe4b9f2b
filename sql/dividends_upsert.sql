-- Stores dividends that are not there yet. $1 instruments, $2 ex-dates, $3 types, $4 amounts, arrays of one length.
-- Returns instrument and ex-date of what is new. Repeatable. Caller: store::actions.
INSERT INTO dividends (instrument_id, ex_date, kind, cash_amount)
SELECT * FROM unnest($1::integer[], $2::date[], $3::text[], $4::double precision[])
ON CONFLICT DO NOTHING
RETURNING instrument_id, ex_date
