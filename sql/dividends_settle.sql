-- Leaves one staged dividend of each instrument, day, cash and kind: the one with the greatest vendor's key (by length, then by
-- bytes). Repeatable. Caller: store::actions.
UPDATE staged_dividends AS s
SET fate = 'repeated'
FROM (
    SELECT ctid AS place, row_number() OVER best AS rank
    FROM staged_dividends
    WHERE instrument_id IS NOT NULL
    WINDOW best AS (
        PARTITION BY instrument_id, ex_date, cash_amount, kind
        ORDER BY octet_length(vendor_id) DESC NULLS LAST, vendor_id COLLATE "C" DESC NULLS LAST
    )
) AS r
WHERE s.ctid = r.place AND r.rank > 1
