-- Gives stored dividends the vendor's key that they have now, which changes nothing that is computed. Repeatable.
-- Caller: store::actions.
UPDATE dividends AS d
SET vendor_id = n.vendor_id
FROM staged_dividends AS n
WHERE n.fate IS NULL
    AND (n.instrument_id, n.ex_date, n.kind, n.cash_amount) = (d.instrument_id, d.ex_date, d.kind, d.cash_amount)
    AND n.vendor_id <> coalesce(d.vendor_id, '')
