-- Writes what the vendor's list says of instruments. $1 instruments, $2 names, $3 types, $4 exchanges, $5 CIKs, $6 composite FIGIs,
-- $7 share class FIGIs, $8 last days, $9 vendor's times, arrays of one length; only those that differ. Caller: store::reference.
UPDATE instruments AS i
SET name = n.name,
    type = n.type,
    exchange = n.exchange,
    cik = n.cik,
    composite_figi = n.composite_figi,
    share_class_figi = n.share_class_figi,
    delisted_on = n.delisted_on,
    vendor_updated = coalesce(n.vendor_updated, i.vendor_updated),
    reference_changed_at = now()
FROM unnest(
    $1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[], $9::timestamptz[]
) AS n (instrument_id, name, type, exchange, cik, composite_figi, share_class_figi, delisted_on, vendor_updated)
WHERE i.instrument_id = n.instrument_id
