-- Stores the staged dividends that are left and not there yet. Repeatable. Caller: store::actions.
WITH written AS (
    INSERT INTO dividends (instrument_id, ex_date, kind, cash_amount, vendor_id)
    SELECT instrument_id, ex_date, kind, cash_amount, vendor_id
    FROM staged_dividends
    WHERE instrument_id IS NOT NULL AND fate IS NULL
    ORDER BY instrument_id, ex_date
    ON CONFLICT DO NOTHING
    RETURNING *
)
INSERT INTO action_changes (what, instrument_id, day, action)
SELECT 'written', instrument_id, ex_date, format('%s %s %s', ex_date, cash_amount, kind) FROM written
