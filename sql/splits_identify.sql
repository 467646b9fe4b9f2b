-- Gives stored splits the vendor's key that they have now, which changes nothing that is computed. Repeatable.
-- Caller: store::actions.
UPDATE splits AS s
SET vendor_id = n.vendor_id
FROM staged_splits AS n
WHERE n.fate IS NULL AND n.instrument_id = s.instrument_id AND n.ex_date = s.ex_date AND n.vendor_id <> coalesce(s.vendor_id, '')
