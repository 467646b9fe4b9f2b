-- Removes dividends that the vendor's complete answer, which is staged, no longer has: from day $1 on (date; null: from the
-- earliest one staged), and only those that have a vendor's key. An empty answer removes nothing. Repeatable.
-- Caller: store::actions.
WITH gone AS (
    DELETE FROM dividends AS d
    WHERE d.vendor_id IS NOT NULL
        AND d.ex_date >= coalesce($1::date, (SELECT min(ex_date) FROM staged_dividends))
        AND EXISTS (SELECT FROM staged_dividends)
        AND NOT EXISTS (SELECT FROM staged_dividends AS n WHERE n.vendor_id = d.vendor_id)
        AND NOT EXISTS (
            SELECT FROM staged_dividends AS n
            WHERE (n.instrument_id, n.ex_date, n.kind, n.cash_amount) = (d.instrument_id, d.ex_date, d.kind, d.cash_amount)
        )
    RETURNING *
)
INSERT INTO action_changes (what, instrument_id, day, action)
SELECT 'withdrawn', instrument_id, ex_date, format('%s %s %s', ex_date, cash_amount, kind) FROM gone
