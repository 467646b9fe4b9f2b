-- Removes dividends whose record the vendor has corrected to another day, type or amount. $1 instruments, $2 ex-dates, $3 types,
-- $4 amounts, $5 vendor's keys, arrays of one length. Returns instrument and old ex-date. Repeatable. Caller: store::actions.
DELETE FROM dividends AS d
USING unnest($1::integer[], $2::date[], $3::text[], $4::double precision[], $5::text[])
    AS n (instrument_id, ex_date, kind, cash_amount, vendor_id)
WHERE d.instrument_id = n.instrument_id AND d.vendor_id = n.vendor_id
    AND (d.ex_date, d.kind, d.cash_amount) <> (n.ex_date, n.kind, n.cash_amount)
RETURNING d.instrument_id, d.ex_date
