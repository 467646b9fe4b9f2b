-- Stores the staged splits that are left, touching only what differs. Repeatable. Caller: store::actions.
WITH written AS (
    INSERT INTO splits AS s (instrument_id, ex_date, split_from, split_to, vendor_id)
    SELECT instrument_id, ex_date, split_from, split_to, vendor_id
    FROM staged_splits
    WHERE instrument_id IS NOT NULL AND fate IS NULL
    ORDER BY instrument_id, ex_date
    ON CONFLICT (instrument_id, ex_date) DO UPDATE
    SET split_from = excluded.split_from, split_to = excluded.split_to, vendor_id = excluded.vendor_id
    WHERE (s.split_from, s.split_to) IS DISTINCT FROM (excluded.split_from, excluded.split_to)
    RETURNING *
)
INSERT INTO action_changes (what, instrument_id, day, action)
SELECT 'written', instrument_id, ex_date, format('%s %s:%s', ex_date, split_from, split_to) FROM written
