-- Stores splits, touching only what differs. $1 instruments, $2 ex-dates, $3 old shares, $4 new shares, $5 vendor's keys, arrays
-- of one length without two of one instrument and ex-date. Returns instrument and ex-date of what changed. Repeatable; runs
-- after splits_withdraw. Caller: store::actions.
INSERT INTO splits AS s (instrument_id, ex_date, split_from, split_to, vendor_id)
SELECT * FROM unnest($1::integer[], $2::date[], $3::double precision[], $4::double precision[], $5::text[])
ON CONFLICT (instrument_id, ex_date) DO UPDATE
SET split_from = excluded.split_from, split_to = excluded.split_to, vendor_id = excluded.vendor_id
WHERE (s.split_from, s.split_to) IS DISTINCT FROM (excluded.split_from, excluded.split_to)
RETURNING instrument_id, ex_date
