-- Stores dividends that are not there yet. $1 instruments, $2 ex-dates, $3 types, $4 amounts, $5 vendor's keys, arrays of one
-- length. Returns instrument and ex-date of what is new. Repeatable; runs after dividends_withdraw. Caller: store::actions.
INSERT INTO dividends (instrument_id, ex_date, kind, cash_amount, vendor_id)
SELECT * FROM unnest($1::integer[], $2::date[], $3::text[], $4::double precision[], $5::text[])
ON CONFLICT DO NOTHING
RETURNING instrument_id, ex_date
