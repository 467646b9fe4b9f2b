-- Removes splits whose record the vendor has moved to another day. $1 instruments, $2 ex-dates, $3 vendor's keys, arrays of one
-- length. Returns instrument and old ex-date. Repeatable. Caller: store::actions.
DELETE FROM splits AS s
USING unnest($1::integer[], $2::date[], $3::text[]) AS n (instrument_id, ex_date, vendor_id)
WHERE s.instrument_id = n.instrument_id AND s.vendor_id = n.vendor_id AND s.ex_date <> n.ex_date
RETURNING s.instrument_id, s.ex_date
