-- Removes dividends whose record is staged with another day, kind, amount or instrument. Repeatable. Caller: store::actions.
WITH gone AS (
    DELETE FROM dividends AS d
    WHERE EXISTS (SELECT FROM staged_dividends AS n WHERE n.vendor_id = d.vendor_id AND n.instrument_id IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM staged_dividends AS n
            WHERE n.vendor_id = d.vendor_id
                AND (n.instrument_id, n.ex_date, n.kind, n.cash_amount) = (d.instrument_id, d.ex_date, d.kind, d.cash_amount)
        )
    RETURNING *
)
INSERT INTO action_changes (what, instrument_id, day, action)
SELECT 'moved', instrument_id, ex_date, format('%s %s %s', ex_date, cash_amount, kind) FROM gone
