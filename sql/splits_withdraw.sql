-- Removes splits that the vendor's complete answer, which is staged, no longer has: from day $1 on (date; null: from the earliest
-- one staged), and only those that have a vendor's key. An empty answer removes nothing. Repeatable. Caller: store::actions.
WITH gone AS (
    DELETE FROM splits AS s
    WHERE s.vendor_id IS NOT NULL
        AND s.ex_date >= coalesce($1::date, (SELECT min(ex_date) FROM staged_splits))
        AND EXISTS (SELECT FROM staged_splits)
        AND NOT EXISTS (SELECT FROM staged_splits AS n WHERE n.vendor_id = s.vendor_id)
        AND NOT EXISTS (
            SELECT FROM staged_splits AS n WHERE n.instrument_id = s.instrument_id AND n.ex_date = s.ex_date
        )
    RETURNING *
)
INSERT INTO action_changes (what, instrument_id, day, action)
SELECT 'withdrawn', instrument_id, ex_date, format('%s %s:%s', ex_date, split_from, split_to) FROM gone
