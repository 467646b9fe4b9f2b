-- Removes splits whose record is staged for another day or instrument. Repeatable. Caller: store::actions.
WITH gone AS (
    DELETE FROM splits AS s
    WHERE EXISTS (SELECT FROM staged_splits AS n WHERE n.vendor_id = s.vendor_id AND n.instrument_id IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM staged_splits AS n
            WHERE n.vendor_id = s.vendor_id AND n.instrument_id = s.instrument_id AND n.ex_date = s.ex_date
        )
    RETURNING *
)
INSERT INTO action_changes (what, instrument_id, day, action)
SELECT 'moved', instrument_id, ex_date, format('%s %s:%s', ex_date, split_from, split_to) FROM gone
